#!/usr/bin/env node
/** The process of a command: the compile cache, then the program. In the published form this is the launcher, and program.ts the one file with all the rest. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const args = process.argv.slice(2);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`dstack: it needs Node.js 22.18 or newer, and this is ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  // everything else is loaded after this, so that it is compiled once and not at every command. (The checkout's launcher sets NODE_COMPILE_CACHE.)
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'dstack');
  // below /proc Node would try for ever to make it
  if (!process.env['NODE_COMPILE_CACHE'] && !cache.startsWith('/proc/')) enableCompileCache(cache);
  void begin();
}

async function begin(): Promise<void> {
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    const { ownVersion } = await import('../shared/version.ts');
    process.stdout.write(`${ownVersion()}\n`);
  } else {
    const { main } = await import('./program.ts');
    process.exitCode = await main(args);
    // what is left (sockets, above all) need not be taken apart one by one: 3 ms of every command
    if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
  }
}
