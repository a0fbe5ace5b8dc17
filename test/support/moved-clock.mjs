/**
 * Loaded into a daemon before everything else: its wall clock is off by as many milliseconds as the file of CLOCK_OFFSET_FILE says, from one call
 * to the next. Stands in for somebody who sets the clock of the machine, which tests must not do.
 */
import { readFileSync } from 'node:fs';

const file = process.env.CLOCK_OFFSET_FILE;
const real = Date.now.bind(Date);
const RealDate = Date;
const offset = () => Number(readFileSync(file, 'utf8') || 0);

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [real() + offset()] : args));
  }
  static now() {
    return real() + offset();
  }
};
