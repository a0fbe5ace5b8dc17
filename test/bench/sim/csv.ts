import { readFileSync } from 'node:fs';

/** Rows of a CSV file as objects by its header line. Fields hold no commas or quotes in the files read here. */
export function readCsv(path: string): Record<string, string>[] {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, index) => [names[index]!, value])));
}
