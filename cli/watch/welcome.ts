import type { Cli } from '../context.ts';
import { fit, welcomeForms } from './words.ts';

/** Single keys that are typed reach us, and their user sees what they do. */
export const hearsKeys = ({ out, err }: Cli): boolean => process.stdin.isTTY === true && out.isTTY && err.isTTY;

/** The first line of a watch: its name, and what one can do with it; elsewhere than on a terminal the name alone. */
export function welcome(cli: Cli, name: string): string {
  const columns = cli.err.columns();
  return hearsKeys(cli) && columns !== null ? fit(welcomeForms(name), columns - 1) : name;
}
