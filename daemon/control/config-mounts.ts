import { homedir } from 'node:os';
import type { Config } from '../../shared/config.ts';
import { unwrap } from '../../shared/result.ts';
import { expandHome, parseMount } from '../../shared/units.ts';
import type { HostMount } from '../../shared/workflow/model.ts';

/** The mounts that the config gives to all containers, with `~` as the daemon's own home. */
export const configMounts = ({ mounts }: Pick<Config, 'mounts'>): HostMount[] =>
  mounts.map((text) => {
    const mount = unwrap(parseMount(text));
    return { ...mount, source: expandHome(mount.source, homedir()) };
  });
