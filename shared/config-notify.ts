/** `notify:` of the configuration: who is told that a run has ended. One map, or a list of them. */
import type { Notifier } from './config.ts';
import type { Reader, Slot } from './config-reader.ts';
import { fail, ok, type Result } from './result.ts';
import { endedStatuses, type EndedStatus } from './states.ts';
import { parseDuration } from './units.ts';
import type { Source } from './workflow/source.ts';
import { pointAt } from './workflow/tree.ts';

const keys = ['command', 'webhook', 'on', 'after'] as const;

/** The notifiers of the file. What is wrong with one is reported to `source`, and it is left out. */
export function readNotifiers(slot: Slot, { keysOf, scalar, list }: Reader, source: Source): Notifier[] {
  if (!slot) return [];
  const nodes = slot.node.kind === 'list' ? slot.node.items : [slot.node];
  return nodes.flatMap((node): Notifier[] => {
    const own = keysOf({ ...slot, node }, keys, 'notify');
    const refuse = (message: string, hint: string): [] => {
      source.report(pointAt(node, slot.key), message, hint);
      return [];
    };
    const command = scalar(own.command, parseCommand, null);
    const webhook = scalar(own.webhook, parseWebhook, null);
    const when = { on: list(own.on, parseStatus) ?? [...endedStatuses], after: scalar(own.after, parseDuration, 0) };
    if (own.command && own.webhook)
      return refuse('notify has a command and a webhook', 'write two entries: `notify: [{command: …}, {webhook: …}]`');
    if (command !== null) return [{ how: 'command', command, ...when }];
    if (webhook !== null) return [{ how: 'webhook', url: webhook, ...when }];
    // what stands there is wrong, and that was said
    if (own.command || own.webhook || node.kind !== 'map') return [];
    return refuse(
      'notify has neither a command nor a webhook',
      'for example {command: \'notify-send "$DSTACK_TEXT"\'} or {webhook: https://…}',
    );
  });
}

const parseCommand = (text: string): Result<string | null> =>
  text.trim() === '' ? fail('bad_command', 'there is no command', 'write what sh is to run') : ok(text);

/** The URL is a secret: no message has it. */
function parseWebhook(text: string): Result<string | null> {
  return /^https?:\/\//.test(text) && URL.canParse(text) ? ok(text) : fail('bad_url', 'this is not a URL', 'write https://… (or http://…)');
}

function parseStatus(text: string): Result<EndedStatus> {
  const found = endedStatuses.find((status) => status === text);
  return found ? ok(found) : fail('bad_status', 'no run ends with this status', `write some of ${endedStatuses.join(', ')}`);
}
