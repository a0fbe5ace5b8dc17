import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Config } from '../../shared/config.ts';
import type { Verb, Verbs } from '../../shared/api.ts';
import type { Result } from '../../shared/result.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { Control } from '../control/control.ts';
import type { ControlParts } from '../control/parts.ts';
import type { Host } from '../hosts/host.ts';
import type { Logger } from '../logger.ts';
import type { SecretBox } from '../secrets/box.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Store } from '../store/store.ts';
import type { Caller } from '../users/caller.ts';
import type { Slots } from '../users/slots.ts';
import type { Watching } from '../watching/watching.ts';
import type { Check, DiskUse, Freed } from '../../shared/api.ts';

/** What the verbs work with. */
export interface ApiParts {
  home: string;
  version: string;
  startedAt: number;
  /** who asks, by the socket that the request came through */
  caller: Caller;
  /** in which the caller's files are taken in: one user's are not to take up all of the machine */
  uploads: Slots;
  config: Config;
  logger: Logger;
  store: Store;
  control: Control;
  parts: ControlParts;
  host: Host;
  artifacts: Artifacts;
  secrets: SecretBox;
  sessions: Sessions;
  /** who decides what a change means to a watch */
  watching(): Promise<Watching>;
  diagnose(): Promise<Check[]>;
  diskUse(): Promise<DiskUse[]>;
  collectGarbage(dryRun: boolean): Promise<Freed[]>;
  /** reads the configuration again where its file has changed; a failure is what is wrong with it */
  reloadConfig(): Promise<Result<void>>;
  stop(): void;
}

/** A verb's answer as JSON. */
export interface JsonHandler<V extends Verb> {
  params: z.ZodType<Verbs[V]['params']>;
  answer(api: ApiParts, params: Verbs[V]['params']): Promise<Result<Verbs[V]['answer']>>;
}

/** A verb that writes its answer itself, after a failure could still be told. */
export interface StreamHandler<V extends Verb> {
  params: z.ZodType<Verbs[V]['params']>;
  /** its parameters are all in the query: the body is for it to read */
  ownBody?: true;
  stream(api: ApiParts, params: Verbs[V]['params'], request: IncomingMessage, response: ServerResponse): Promise<Result<void>>;
}
