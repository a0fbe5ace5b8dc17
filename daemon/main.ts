#!/usr/bin/env node
/**
 * The daemon's process: its home, and the compile cache; the rest is serve.ts. Started by the CLI when it is needed; single by a lock of the kernel's. The last
 * line on stderr of one that could not start is `dstackd: <why>`, which the CLI shows.
 *
 *     main.ts                            for the user who starts it
 *     main.ts --system --group GROUP     as root, for the members of a group; `--etc DIR`: where its policy.yaml is looked for, instead of /etc/dstack
 */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { homeDir, systemHome } from '../shared/home.ts';
import { makeFolder } from '../shared/make-folder.ts';
import { messageOf } from '../shared/result.ts';
import { optimiseLater } from './small-heap.ts';

const { values: options } = parseArgs({ options: { system: { type: 'boolean' }, group: { type: 'string' }, etc: { type: 'string' } } });
const home = options.system && !process.env['DSTACK_HOME'] ? systemHome : homeDir();
const giveUp = (message: string): never => {
  process.stderr.write(`dstackd: ${message}\n`);
  process.exit(1);
};

try {
  makeFolder(home, 0o700);
} catch (error) {
  giveUp(`cannot use ${home}: ${messageOf(error)}`);
}
enableCompileCache(join(home, 'cache'));
optimiseLater();
// trees and workspaces are for whatever user an image has; the home itself is closed to others
process.umask(0o022);

if (options.system && process.getuid?.() !== 0) giveUp('only root can serve all users of a machine');
// its runs belong to others: one that serves only root would not know that
if (!options.system && existsSync(join(home, 'system')))
  giveUp(`${home} belongs to the daemon that all users of the machine share; start that one: systemctl start dstackd`);
if (options.system && !options.group) giveUp('--system needs --group GROUP: whose members it serves');

// everything else is loaded after this, so that it is compiled once and not at every start
void import('./serve.ts').then(({ serve }) => serve(home, options, giveUp));
