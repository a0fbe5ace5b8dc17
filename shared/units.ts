/**
 * Sizes, durations, mounts and ports as people write them, in the workflow file, in the config and on the command line alike.
 * The parsers are strict: a number that could mean two things is refused with a sentence that fits behind "memory 16: ".
 */
import { posix } from 'node:path';
import { fail, ok } from './result.ts';
import type { Result } from './result.ts';
import type { HostMount, Ports } from './workflow/model.ts';

const decimal = ['b', 'kb', 'mb', 'gb', 'tb', 'pb'];

/** Bytes per unit; `16gi` is `16GiB`, `16g` is `16GB`. */
function bytesPerUnit(unit: string): number | null {
  const short = unit.toLowerCase();
  const binary = /^([kmgtp])ib?$/.exec(short);
  if (binary) return 1024 ** decimal.indexOf(`${binary[1]}b`);
  const power = decimal.indexOf(short.endsWith('b') ? short : `${short}b`);
  return power < 0 || short === '' ? null : 1000 ** power;
}

/** Bytes of `16GB`, `512 MiB`, `1.5g`. MB and GB are decimal, MiB and GiB binary; a number without a unit is refused. */
export function parseSize(text: string): Result<number> {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  if (digits === undefined || unit === undefined)
    return fail('bad_size', 'this is not a size', 'write a number and a unit: 512MB, 16GB, 16GiB');
  if (unit === '') return fail('bad_size', 'a size needs a unit', `write ${digits}GB (decimal), ${digits}GiB (binary) or ${digits}MB`);
  const factor = bytesPerUnit(unit);
  if (factor === null)
    return fail(
      'bad_size',
      `\`${unit}\` is not a unit of size`,
      'the units are kB, MB, GB, TB, PB (decimal) and KiB, MiB, GiB, TiB, PiB (binary)',
    );
  const bytes = Math.round(Number(digits) * factor);
  return Number.isSafeInteger(bytes) ? ok(bytes) : fail('bad_size', 'this is more than can be counted', 'use a smaller size');
}

/** Bytes as `0 B`, `1.5 GB`, `52 MB`: decimal, at most one digit after the point. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let power = 0;
  let value = bytes;
  // 999.96 would be printed as 1000
  while (Math.abs(value) >= 999.95 && power < units.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${Number(value.toFixed(power === 0 ? 0 : 1))} ${units[power]}`;
}

const secondsPer = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 } as const;
type TimeUnit = keyof typeof secondsPer;

const timeWord = /^(?:(w|weeks?)|(d|days?)|(h|hrs?|hours?)|(m|mins?|minutes?)|(s|secs?|seconds?))$/i;
const timeUnits: TimeUnit[] = ['w', 'd', 'h', 'm', 's'];

/** Seconds of `90s`, `1h30m`, `2 days`, `1.5h`; units from the largest to the smallest, each once. A number without a unit is refused. */
export function parseDuration(text: string): Result<number> {
  const bad = (message: string, hint = 'write numbers and units: 90s, 30m, 1h30m, 2d'): Result<number> =>
    fail('bad_duration', message, hint);
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return bad('a duration needs a unit', `write ${trimmed}s, ${trimmed}m, ${trimmed}h or ${trimmed}d`);
  if (!/^(\d+(\.\d+)?\s*[a-z]+\s*)+$/i.test(trimmed)) return bad('this is not a duration');
  let seconds = 0;
  let last = -1;
  for (const [, digits, word] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const index = (timeWord.exec(word ?? '') ?? []).slice(1).findIndex((group) => group !== undefined);
    const unit = timeUnits[index];
    if (!unit) return bad(`\`${word}\` is not a unit of time`, 'the units are s, m, h, d and w');
    if (index <= last) return bad('units go from the largest to the smallest, each once');
    last = index;
    seconds += Number(digits) * secondsPer[unit];
  }
  const rounded = Math.round(seconds * 1000) / 1000;
  return rounded <= 1e10 ? ok(rounded) : bad('this is longer than can be counted');
}

/** Seconds as `45s`, `1h 30m`, `2d 3h`: every unit that is not zero, so that parseDuration gives the same seconds again. */
export function formatDuration(seconds: number): string {
  if (seconds < 10 && !Number.isInteger(seconds)) return `${Number(seconds.toFixed(1))}s`;
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const unit of timeUnits) {
    if (unit === 'w') continue;
    const count = Math.floor(rest / secondsPer[unit]);
    rest -= count * secondsPer[unit];
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ') || '0s';
}

/**
 * `SOURCE:TARGET[:ro|rw]`, read-write unless it says `ro`. The source is absolute or begins with `~/`, which stays as written (whoever
 * mounts it knows whose home that is: expandHome). The target is absolute and normalised.
 */
export function parseMount(text: string): Result<HostMount> {
  const bad = (message: string, hint: string): Result<HostMount> => fail('bad_mount', message, hint);
  const parts = text.split(':');
  const [source, target, mode] = parts;
  if (!source || !target || parts.length > 3)
    return bad('a mount is SOURCE:TARGET or SOURCE:TARGET:ro', 'for example /data/imagenet:/data:ro');
  if (mode !== undefined && mode !== 'ro' && mode !== 'rw')
    return bad(`\`${mode}\` is neither ro nor rw`, 'end it with :ro (read-only) or :rw');
  if (hasControlCharacters(text)) return bad('it contains a control character', 'rename the folder');
  if (!source.startsWith('/') && source !== '~' && !source.startsWith('~/')) {
    return bad(`the folder on the host, \`${source}\`, is not absolute`, 'begin it with / or ~/; files of the project need no mount');
  }
  if (!target.startsWith('/'))
    return bad(
      `the folder in the container, \`${target}\`, is not absolute`,
      `below the project it is /workflow/${posix.normalize(target)}`,
    );
  const normal = stripSlash(posix.normalize(target));
  const refused = refusedTarget(normal);
  if (refused) return bad(refused, 'choose another folder in the container, for example /data');
  return ok({
    source: source.startsWith('~') ? stripSlash(source) : stripSlash(posix.normalize(source)),
    target: normal,
    readOnly: mode === 'ro',
  });
}

/** A mount's source with `~` replaced by `home`. */
export const expandHome = (source: string, home: string): string =>
  source === '~' || source.startsWith('~/') ? `${home}${source.slice(1)}` : source;

const systemFolders = ['/bin', '/boot', '/dev', '/etc', '/lib', '/lib64', '/proc', '/sbin', '/sys', '/usr'];

/** Why nothing may be mounted at this absolute, normalised path of a container; null: it may. */
export function refusedTarget(path: string): string | null {
  if (path === '/') return 'the root of the container cannot be replaced';
  if (path === '/workflow') return '/workflow is where the project is';
  if (systemFolders.includes(path)) return `it would hide ${path} of the image`;
  return /^\/(proc|sys|dev)\//.test(path) && path !== '/dev/shm' ? `${path} belongs to the kernel` : null;
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
export const hasControlCharacters = (text: string): boolean => /[\u0000-\u001f\u007f]/.test(text);

/** Without the slashes at its end, `/` excepted. */
export function stripSlash(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

type Port = { container: number; host: number | null };

/** `8000:80` (host:container), `80` (the same port of both) or `:80` (any free port of the host). */
export function parsePort(text: string): Result<Port> {
  const [, before, container] = /^\s*(?:(\d*):)?(\d+)\s*$/.exec(text) ?? [];
  const host = before ?? container;
  if (container === undefined)
    return fail(
      'bad_port',
      'this is not a port',
      'write 3000; "8000:80" for port 80 of the container at port 8000 of this machine; ":80" for any free port',
    );
  for (const number of [host || null, container]) {
    if (number !== null && (Number(number) < 1 || Number(number) > 65_535))
      return fail('bad_port', `${number} is not a port`, 'ports are 1 to 65535');
  }
  return ok({ container: Number(container), host: host ? Number(host) : null });
}

/** Two of them that cannot both be: the sentence; null: none. */
export function portClash(ports: Port[]): string | null {
  const inside = new Set<number>();
  const outside = new Set<number>();
  for (const { container, host } of ports) {
    if (inside.has(container)) return `the container's port ${container} is given twice`;
    if (host !== null && outside.has(host)) return `the host's port ${host} is given twice`;
    inside.add(container);
    if (host !== null) outside.add(host);
  }
  return null;
}

/** A count (`2`) of ports that are chosen, or a list with commas (`8000:80,:3000`). A single number is a count, as it always was. */
export function parsePorts(text: string): Result<Ports> {
  if (/^\s*\d+\s*$/.test(text)) return portCount(Number(text));
  const ports: Port[] = [];
  for (const item of text.split(',')) {
    const port = parsePort(item);
    if (!port.ok) return port;
    ports.push(port.value);
  }
  const clash = portClash(ports);
  return clash ? fail('bad_port', clash, 'give each port once') : ok({ kind: 'list', ports });
}

/** A number of ports, 1 to 100. */
export function portCount(count: number): Result<Ports> {
  if (Number.isInteger(count) && count >= 1 && count <= 100) return ok({ kind: 'count', count });
  if (Number.isInteger(count) && count > 65_535)
    return fail('bad_port', 'this is neither a number of ports (1 to 100) nor a port', 'ports are 1 to 65535');
  if (Number.isInteger(count) && count > 100)
    return fail(
      'bad_port',
      'a single number is how many ports are needed',
      `for port ${count} write [${count}] in the file, ${count}:${count} on the command line`,
    );
  return fail('bad_port', 'the number of ports is at least 1', 'leave it out where no port is needed');
}

/** Of a text with several lines the first, and that there are more. */
export function firstLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  return more.length === 0 ? first : `${first.trimEnd()} …`;
}
