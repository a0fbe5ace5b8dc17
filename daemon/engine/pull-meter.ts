import type { PullProgress } from './engine.ts';

/** A line of the engine's answer to a pull. */
export interface PullLine {
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
}

interface Layer {
  total: number;
  downloaded: number;
  extracted: number;
  /** downloading is over (the layer may never have said its size) */
  fetched: boolean;
  done: boolean;
}

/** Adds up what the engine says of each layer. While anything is downloading the bytes are downloaded ones, afterwards extracted ones. */
export class PullMeter {
  readonly #layers = new Map<string, Layer>();

  /** Progress after this line; null: the line is about no layer. */
  take(line: PullLine): PullProgress | null {
    if (line.id === undefined || line.status === undefined || line.status.startsWith('Pulling from')) return null;
    const layer = this.#layers.get(line.id) ?? { total: 0, downloaded: 0, extracted: 0, fetched: false, done: false };
    this.#layers.set(line.id, layer);
    const { current = 0, total = 0 } = line.progressDetail ?? {};
    if (total > 0) layer.total = total;
    switch (line.status) {
      case 'Downloading':
        layer.downloaded = current;
        break;
      case 'Verifying Checksum':
      case 'Download complete':
        layer.fetched = true;
        layer.downloaded = layer.total;
        break;
      case 'Extracting':
        layer.fetched = true;
        layer.downloaded = layer.total;
        layer.extracted = Math.min(current, layer.total);
        break;
      case 'Pull complete':
      case 'Already exists':
        layer.fetched = layer.done = true;
        layer.downloaded = layer.extracted = layer.total;
        break;
      default: // 'Pulling fs layer', 'Waiting', 'Retrying in 3 seconds'
        break;
    }
    return this.#sum();
  }

  #sum(): PullProgress {
    const layers = [...this.#layers.values()];
    const total = layers.reduce((sum, layer) => sum + layer.total, 0);
    if (layers.every((layer) => layer.fetched)) {
      const current = layers.reduce((sum, layer) => sum + layer.extracted, 0);
      return { current, total, phase: layers.every((layer) => layer.done) ? 'done' : 'extracting' };
    }
    return { current: layers.reduce((sum, layer) => sum + layer.downloaded, 0), total, phase: total > 0 ? 'downloading' : 'waiting' };
  }
}
