import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of what nvidia-smi prints, written after NVIDIA's documented format; the machines are made up. */
export const fixture = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');

/** The n-th GPU of the k-th fixture. */
export const uuidOf = (k: number, n: number): string => `GPU-${k}0000000-aaaa-bbbb-cccc-${String(n).padStart(12, '0')}`;
