/** Asks the daemon what it has, if it runs: whoever presses Tab waits for nothing, and is told nothing. */
import { existsSync } from 'node:fs';
import type { Run, RunDetail, Verb, Verbs } from '../../shared/api.ts';
import { homeFiles } from '../../shared/home.ts';
import { projectName } from '../../shared/project.ts';
import { compose } from '../talk/client.ts';
import type { Cli } from '../context.ts';
import { exchange } from '../talk/exchange.ts';

/** Milliseconds. */
const patience = 300;
/** Of the runs of a project: nobody completes the name of an older one. */
const mostRuns = 200;

/** The answer; null: there is none, for whatever reason. Nothing is started, and no other machine is asked. */
async function ask<V extends Verb>(cli: Cli, verb: V, params: Verbs[V]['params']): Promise<Verbs[V]['answer'] | null> {
  const { client } = cli;
  if (client.elsewhere || (!client.shared && !existsSync(homeFiles(cli.home).socket))) return null;
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), patience).unref());
  const answer = await Promise.race([exchange(client.socket, compose(verb, params, client.headers)).catch(() => null), late]);
  return answer?.statusCode === 200 ? (JSON.parse(answer.body) as Verbs[V]['answer']) : null;
}

const here = (cli: Cli): { projectDir: string; project: string } => {
  const projectDir = cli.projectOrHere();
  return { projectDir, project: projectName(projectDir) };
};

/** Of the project, the newest first. */
export const runsOf = async (cli: Cli): Promise<Run[]> => (await ask(cli, 'ps', { ...here(cli), all: true, limit: mostRuns })) ?? [];
export const runOf = (cli: Cli, name: string): Promise<RunDetail | null> => ask(cli, 'run', { name });
export const tagsOf = async (cli: Cli): Promise<string[]> => ((await ask(cli, 'tagsList', here(cli))) ?? []).map(({ tag }) => tag);
export const secretsOf = async (cli: Cli): Promise<string[]> => ((await ask(cli, 'secretsList', here(cli))) ?? []).map(({ name }) => name);
export const environmentsOf = async (cli: Cli): Promise<string[]> => ((await ask(cli, 'envList', {})) ?? []).map(({ key }) => key);
