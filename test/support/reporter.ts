/**
 * The run's last line: `N passed, N failed`, alone, for people and programs that read only that. Where DSTACK_TEST_COUNTS names a file, the same numbers go
 * there too, on a line, for whoever adds up several runs (scripts/test --all).
 */
import { appendFileSync, writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  readonly #counts = process.env['DSTACK_TEST_COUNTS'];

  constructor() {
    // not for the runs that tests start
    delete process.env['DSTACK_TEST_COUNTS'];
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // a file that did not load, or an error outside of every test, is a failure too
    const failed = count('failed') + count('pending') + modules.filter((module) => module.errors().length > 0).length + unhandled.length;
    const skipped = count('skipped');
    // at the very end, after everything that others still print
    process.once('exit', (code) => {
      // a setup that fails is told to nobody, and leaves no test
      const told = failed === 0 && code !== 0 ? 1 : failed;
      if (this.#counts) appendFileSync(this.#counts, `${count('passed')} ${told} ${skipped}\n`);
      writeSync(1, `${count('passed')} passed, ${told} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
    });
  }
}
