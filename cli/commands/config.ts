import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { readConfig } from '../../shared/config-file.ts';
import type { Config, Notifier } from '../../shared/config.ts';
import { homeFiles } from '../../shared/home.ts';
import { FailureError, unwrap } from '../../shared/result.ts';
import { formatDuration, formatSize } from '../../shared/units.ts';
import type { Cli } from '../context.ts';
import { onlyThere } from '../elsewhere/only-there.ts';
import { printable } from '../terminal/text.ts';
import { examples } from '../usage.ts';

export const command = (cli: Cli): Command =>
  new Command('config')
    .description('Show where the configuration is, and what holds: its values, and the defaults of the rest.')
    .option('--json', 'Print JSON.')
    .addHelpText(
      'after',
      examples([
        ['dstack config', 'as the file would say it'],
        ['dstack config --json', 'for programs'],
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      await onlyThere(cli, 'The configuration is', 'config');
      if (cli.client.shared && process.getuid?.() !== 0) {
        const hint = 'What you may have: dstack policy';
        throw new FailureError({
          code: 'shared_daemon',
          message: "The configuration of this machine's daemon is its administrator's.",
          hint,
        });
      }
      const path = homeFiles(cli.home).config;
      const values = unwrap(await readConfig(cli.home));
      const exists = existsSync(path);
      if (options.json) {
        const notify = values.notify.map((one) => (one.how === 'webhook' ? { ...one, url: withoutSecret(one.url) } : one));
        return cli.json({ path, exists, values: { ...values, notify } });
      }
      const { stringify } = await import('yaml');
      cli.out.line(`# ${printable(path)}${exists ? '' : ' (not there: these are the defaults)'}`);
      cli.out.stream.write(printable(stringify(asInFile(values))));
    });

/** The values under the names and in the units of the file. */
export function asInFile(config: Config): Record<string, unknown> {
  const time = (seconds: number | null): string => (seconds === null ? 'never' : formatDuration(seconds));
  const { retention, snapshot, gpus } = config;
  return {
    images: config.images,
    default_python: config.defaultPython,
    env: config.env,
    ca_certificates: config.caCertificates,
    mount_roots: config.mountRoots,
    mounts: config.mounts,
    grace_period: time(config.gracePeriod),
    snapshot: { warn_size: formatSize(snapshot.warnBytes), max_size: formatSize(snapshot.maxBytes) },
    min_free_disk: formatSize(config.minFreeDisk),
    retention: {
      logs: time(retention.logs),
      artifacts: time(retention.artifacts),
      trees: time(retention.trees),
      downloads: time(retention.downloads),
    },
    environments: { max_size: formatSize(config.environments.maxSize), max_downloads: formatSize(config.environments.maxDownloads) },
    gc_interval: time(config.gcInterval),
    retry_delay: time(config.retryDelay),
    warning_period: time(config.warningPeriod),
    inactivity_duration: time(config.inactivityDuration),
    code: config.code,
    sample_every: time(config.sampleEvery),
    gpus: {
      attach: gpus.attach,
      busy_memory: formatSize(gpus.busyMemory),
      read_every: time(gpus.readEvery),
      claim_timeout: time(gpus.claimTimeout),
    },
    notify: config.notify.map((notifier) => shownNotifier(notifier, time)),
  };
}

/** As the file says it, but for what of a webhook's URL is a secret. */
function shownNotifier(notifier: Notifier, time: (seconds: number) => string): Record<string, unknown> {
  const { on, after } = notifier;
  const what = notifier.how === 'command' ? { command: notifier.command } : { webhook: withoutSecret(notifier.url) };
  return { ...what, on, ...(after > 0 && { after: time(after) }) };
}

/** A URL of which only the place is left. */
const withoutSecret = (url: string): string => `${new URL(url).origin}/…`;
