/** Values of nvidia-smi's report; null: it says none. */
import { find, type XmlElement } from './xml.ts';

/** null: not there, or one of the words for "no value": N/A, [Not Supported], Unknown Error, … */
export function value(from: XmlElement, path: string): string | null {
  const text = find(from, path)?.text ?? '';
  return text === '' ||
    /^\[.*\]$|^(n\/a|none|not supported|unknown error|insufficient permissions|gpu is lost|gpu requires reset)$/i.test(text)
    ? null
    : text;
}

/** Leading digits of `37 %`, `35 C`, `141.25 W`. */
export const number = (text: string | null): number | null => {
  const [digits] = /^-?\d+(\.\d+)?/.exec(text ?? '') ?? [];
  return digits === undefined ? null : Number(digits);
};

const scale: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, MB: 2 ** 20, GiB: 2 ** 30 };

/** Bytes of `81559 MiB`; very old drivers write MB and mean MiB */
export function bytes(from: XmlElement, path: string): number | null {
  const [, digits, unit] = /^(\d+)\s*(\w+)$/.exec(value(from, path) ?? '') ?? [];
  const factor = scale[unit ?? ''];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}
