#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// everything else is imported after this, so that it is compiled once and not at every command. (The launcher sets NODE_COMPILE_CACHE.)
if (!process.env['NODE_COMPILE_CACHE']) enableCompileCache(join(homedir(), '.cache', 'dstack'));
const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { ownVersion } = await import('../shared/version.ts');
  process.stdout.write(`${ownVersion()}\n`);
} else {
  const { main } = await import('./program.ts');
  process.exitCode = await main(args);
}
