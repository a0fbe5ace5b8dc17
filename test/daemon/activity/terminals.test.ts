import { describe, expect, test } from 'vitest';
import { busyTerminals } from '../../../daemon/activity/terminals.ts';

/** A line of /proc/PID/stat, as the kernel prints it. */
const line = (pid: number, name: string, session: number, { tty = 34817, state = 'S', group = pid } = {}): string =>
  `${pid} (${name}) ${state} 1 ${group} ${session} ${tty} ${group} 4194560 967 0 0 0 1 0 0 0 20 0 1 0 33805 2293760 211`;
/** The container's own: its init and its server, on the terminal that is its log, and a kernel, which has none. */
const own = [line(1, 'docker-init', 1, { tty: 34816 }), line(7, 'jupyter-lab', 1, { tty: 34816 }), line(20, 'python3', 20, { tty: 0 })];
const busy = (...lines: string[]): number => busyTerminals(`${[...own, ...lines].join('\n')}\n`, 1);
const shell = line(30, 'bash', 30);

describe('a terminal', () => {
  test("is none of the container's own", () => expect(busy()).toBe(0));
  test('at its prompt is not busy', () => expect(busy(shell, line(31, 'zsh', 31))).toBe(0));
  test('is busy with a command in the foreground', () => expect(busy(shell, line(40, 'sleep', 30))).toBe(1));
  test('is busy with a job in the background', () =>
    expect(busy(line(30, 'bash', 30, { group: 30 }), line(40, 'wget', 30, { group: 40 }))).toBe(1));
  test('is busy with a program that is no shell', () => expect(busy(line(30, 'sleep', 30))).toBe(1));
  test('is not busy with what has ended, or is stopped', () => {
    expect(busy(shell, line(40, 'sleep', 30, { state: 'Z' }), line(41, 'vim', 30, { state: 'T' }))).toBe(0);
    expect(busy(line(30, 'vim', 30, { state: 'T' }))).toBe(0);
  });
  test('is counted once, whatever runs in it', () => {
    expect(busy(shell, line(40, 'make', 30), line(41, 'cc', 30, { group: 40 }), line(50, 'fish', 50), line(51, 'top', 50))).toBe(2);
  });
  test('is one where its shell or its command has a strange name', () => {
    expect(busy(line(30, 'a) S 1 1 1 0 (b', 30))).toBe(1);
    expect(busy(shell, line(40, 'x y) Z (', 30))).toBe(1);
  });
  test('is not made of a session without one', () =>
    expect(busy(line(30, 'bash', 30, { tty: 0 }), line(40, 'sleep', 30, { tty: 0 }))).toBe(0));
  test('is not made of what is no process', () => expect(busy('sl local_address', '', '12 (cut', '(x) S 1 1 1 1 1')).toBe(0));
});

test("where the engine is this machine's, the container's own process has another number", () => {
  const stats = [line(4100, 'docker-init', 4100, { tty: 34816 }), line(4107, 'code', 4100, { tty: 34816 })].join('\n');
  expect(busyTerminals(stats, 4100)).toBe(0);
});
