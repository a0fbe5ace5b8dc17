import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import {
  expandHome,
  firstLine,
  formatDuration,
  formatSize,
  parseDuration,
  parseMount,
  parsePort,
  parsePorts,
  parseSize,
} from '../../shared/units.ts';

const failureOf = (result: { ok: true } | { ok: false; failure: { message: string; hint?: string } }): string =>
  result.ok ? 'ok' : `${result.failure.message} | ${result.failure.hint ?? ''}`;

describe('sizes', () => {
  test.each([
    ['16GB', 16e9],
    ['16 GB', 16e9],
    ['16gb', 16e9],
    ['16g', 16e9],
    ['16GiB', 16 * 1024 ** 3],
    ['16gi', 16 * 1024 ** 3],
    ['512MB', 512e6],
    ['512m', 512e6],
    ['512MiB', 512 * 1024 ** 2],
    ['512mi', 512 * 1024 ** 2],
    ['4k', 4000],
    ['4KiB', 4096],
    ['2TB', 2e12],
    ['1.5GB', 1.5e9],
    ['7B', 7],
    ['0B', 0],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });

  test.each([
    ['16', 'a size needs a unit | write 16GB (decimal), 16GiB (binary) or 16MB'],
    ['16 bananas', '`bananas` is not a unit of size | the units are kB, MB, GB, TB, PB (decimal) and KiB, MiB, GiB, TiB, PiB (binary)'],
    ['16i', '`i` is not a unit of size | the units are kB, MB, GB, TB, PB (decimal) and KiB, MiB, GiB, TiB, PiB (binary)'],
    ['GB', 'this is not a size | write a number and a unit: 512MB, 16GB, 16GiB'],
    ['-1GB', 'this is not a size | write a number and a unit: 512MB, 16GB, 16GiB'],
    ['1e3GB', 'this is not a size | write a number and a unit: 512MB, 16GB, 16GiB'],
    ['', 'this is not a size | write a number and a unit: 512MB, 16GB, 16GiB'],
    ['99999TB', 'this is more than can be counted | use a smaller size'],
  ])('%s is refused', (text, message) => {
    expect(failureOf(parseSize(text))).toBe(message);
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [52_000_000, '52 MB'],
    [999_960, '1 MB'],
    [16e9, '16 GB'],
  ])('%d is shown as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test('what is shown can be read again, to one digit after the point', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 }), (bytes) => {
        const again = unwrap(parseSize(formatSize(bytes)));
        expect(Math.abs(again - bytes)).toBeLessThanOrEqual(Math.max(1, bytes * 0.051));
      }),
    );
  });

  test('any number with any unit is that many bytes', () => {
    const units = { kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4000 }), fc.constantFrom(...Object.entries(units)), (count, [unit, bytes]) => {
        expect(parseSize(`${count}${unit}`)).toEqual({ ok: true, value: count * bytes });
      }),
    );
  });
});

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['1h30m', 5400],
    ['1h 30m', 5400],
    ['1.5h', 5400],
    ['2 days', 172_800],
    ['1w', 604_800],
    ['10min', 600],
    ['1 hour 5 minutes 3 secs', 3903],
    ['0s', 0],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: seconds });
  });

  test.each([
    ['15', 'a duration needs a unit | write 15s, 15m, 15h or 15d'],
    ['15 bananas', '`bananas` is not a unit of time | the units are s, m, h, d and w'],
    ['5ms', '`ms` is not a unit of time | the units are s, m, h, d and w'],
    ['30m1h', 'units go from the largest to the smallest, each once | write numbers and units: 90s, 30m, 1h30m, 2d'],
    ['1h1h', 'units go from the largest to the smallest, each once | write numbers and units: 90s, 30m, 1h30m, 2d'],
    ['1h30', 'this is not a duration | write numbers and units: 90s, 30m, 1h30m, 2d'],
    ['soon', 'this is not a duration | write numbers and units: 90s, 30m, 1h30m, 2d'],
    ['-1h', 'this is not a duration | write numbers and units: 90s, 30m, 1h30m, 2d'],
    ['99999999w', 'this is longer than can be counted | write numbers and units: 90s, 30m, 1h30m, 2d'],
  ])('%s is refused', (text, message) => {
    expect(failureOf(parseDuration(text))).toBe(message);
  });

  test.each([
    [0, '0s'],
    [0.4, '0.4s'],
    [45, '45s'],
    [5400, '1h 30m'],
    [183_600, '2d 3h'],
  ])('%d seconds are shown as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test('what is shown means the same seconds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e9 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toEqual({ ok: true, value: seconds });
      }),
    );
  });
});

describe('mounts', () => {
  test.each([
    ['/data/imagenet:/data:ro', { source: '/data/imagenet', target: '/data', readOnly: true }],
    ['/data:/data', { source: '/data', target: '/data', readOnly: false }],
    ['/data/:/mnt/../data/:rw', { source: '/data', target: '/data', readOnly: false }],
    ['~/.cache/pip:/root/.cache/pip', { source: '~/.cache/pip', target: '/root/.cache/pip', readOnly: false }],
  ])('%s', (text, mount) => {
    expect(parseMount(text)).toEqual({ ok: true, value: mount });
  });

  test.each([
    ['/data', /a mount is SOURCE:TARGET/],
    [':/data', /a mount is SOURCE:TARGET/],
    ['/a:/b:ro:z', /a mount is SOURCE:TARGET/],
    ['/a:/b:z', /`z` is neither ro nor rw/],
    ['a:/b', /`a`, is not absolute/],
    ['/a:b', /`b`, is not absolute \| below the project it is \/workflow\/b/],
    ['/a:/', /the root of the container/],
    ['/a:/x/..', /the root of the container/],
    ['/a:/workflow/', /where the project is/],
    ['/a:/proc/1', /belongs to the kernel/],
    ['/a:/usr', /would hide \/usr/],
    ['/a\n:/b', /control character/],
  ])('%j is refused', (text, message) => {
    expect(failureOf(parseMount(text))).toMatch(message);
  });

  test('~ is the home of whoever mounts it', () => {
    expect(expandHome('~/x', '/home/ada')).toBe('/home/ada/x');
    expect(expandHome('/x', '/home/ada')).toBe('/x');
    expect(expandHome('~ada/x', '/home/ada')).toBe('~ada/x');
  });
});

describe('ports', () => {
  test.each([
    ['2', { kind: 'count', count: 2 }],
    ['8000:80', { kind: 'list', ports: [{ container: 80, host: 8000 }] }],
    [':3000', { kind: 'list', ports: [{ container: 3000, host: null }] }],
    [
      '8000:80, 3000',
      {
        kind: 'list',
        ports: [
          { container: 80, host: 8000 },
          { container: 3000, host: 3000 },
        ],
      },
    ],
  ])('%s', (text, ports) => {
    expect(parsePorts(text)).toEqual({ ok: true, value: ports });
  });

  test.each([
    ['0', /at least 1/],
    ['3000', /a single number is how many ports are needed \| for port 3000 write \[3000\] in the file, 3000:3000 on/],
    ['99999', /neither a number of ports \(1 to 100\) nor a port \| ports are 1 to 65535$/],
    ['80:80,81:80', /container's port 80 is given twice/],
    ['80:80,80:81', /host's port 80 is given twice/],
    ['80:81,80', /host's port 80 is given twice/],
    ['x', /this is not a port/],
    ['80:', /this is not a port/],
    ['80:80/udp', /this is not a port/],
  ])('%s is refused', (text, message) => {
    expect(failureOf(parsePorts(text))).toMatch(message);
  });

  test.each(['0', '65536', '0:80', '99999:80'])('%s is beyond what ports are', (text) => {
    expect(failureOf(parsePort(text))).toMatch(/is not a port \| ports are 1 to 65535/);
  });
});

test('of several lines the first', () => {
  expect(firstLine('make\n')).toBe('make');
  expect(firstLine('\nset -x \nmake')).toBe('set -x …');
});
