import { describe, expect, test } from 'vitest';
import { matches } from '../../../daemon/scheduler/match.ts';
import { decided, gpu, GB, host, hostWith, started, waiting } from './situations.ts';

const whole = { name: 'NVIDIA A100-SXM4-40GB', memory: 40 * GB };
const part = { name: 'NVIDIA A100-SXM4-40GB MIG 1g.5gb', memory: 5 * GB };
const named = (name: string | null, memory: number | null = null) => ({ name, memory });

describe('a GPU', () => {
  test('is of the model that is asked for, in capitals or not', () => {
    const names = ['A100', 'a100', 'NVIDIA A100-SXM4-40GB', 'sxm4', null, 'H100', 'A10G', 'MIG', '1g.5gb'];
    expect(names.filter((name) => matches(whole, named(name)))).toEqual(names.slice(0, 5));
  });
  test('has at least the memory that is asked for; one that nobody knows is not enough', () => {
    expect([40, 41].map((memory) => matches(whole, named(null, memory * GB)))).toEqual([true, false]);
    expect([null, 1].map((memory) => matches({ name: 'Odd', memory: null }, named(null, memory)))).toEqual([true, false]);
  });
});

describe('a part of a GPU', () => {
  test('is meant by who names MIG or a profile, not by who names the model', () => {
    const names = ['MIG', 'mig', '1g.5gb', '1G.5GB', 'A100-SXM4-40GB MIG 1g.5gb', 'A100', 'a100', '40GB', '1g', '3g.20gb'];
    expect(names.filter((name) => matches(part, named(name)))).toEqual(names.slice(0, 5));
  });
  test('will do for who names nothing, if its memory does', () => {
    expect([null, 5 * GB, 6 * GB].map((memory) => matches(part, named(null, memory)))).toEqual([true, true, false]);
  });
  test('runs get what they name', () => {
    const parts = ['m-0', 'm-1'].map((uuid) => gpu(uuid, { name: part.name, memory: 5 }));
    const hosts = [host('m', parts), hostWith('w', 1)];
    const decision = decided({
      hosts,
      waiting: [waiting('1', { gpu: { name: 'A100' } }), waiting('2', { gpu: { name: '1g.5gb' } }), waiting('3', { gpu: 1 })],
    });
    expect(started(decision)).toEqual(['1 on w: w-0', '2 on m: m-0', '3 on m: m-1']);
  });
});
