import { z } from 'zod';
import { ok } from '../../shared/result.ts';
import { submit as submitRun } from '../control/submit/submit.ts';
import { viewRun, viewRunDetail } from '../control/view/view.ts';
import { findRun } from './find-run.ts';
import { gpuNumbers } from './gpu-numbers.ts';
import type { JsonHandler } from './handler.ts';
import { inProject, sentSnapshot } from './params.ts';
import { projectOf } from './project.ts';
import { tokenFor } from './view-for.ts';

const strings = z.array(z.string()).optional();
const text = z.string().optional();
const number = z.number().optional();

export const overrides = z.strictObject({
  env: strings,
  artifacts: strings,
  deps: strings,
  workingDir: text,
  requirements: text,
  python: text,
  interruptible: z.boolean().optional(),
  cpu: text,
  memory: text,
  shmSize: text,
  gpu: text,
  gpuName: text,
  gpuMemory: text,
  ports: text,
  commands: strings,
  image: text,
  mounts: strings,
  maxDuration: text,
  idleTimeout: text,
  priority: number,
  retry: number,
  file: text,
  nodes: number,
  version: text,
  inactivityDuration: text,
  watch: strings,
});

/** Puts a run into the queue. */
export const submit: JsonHandler<'submit'> = {
  params: z.object({
    requestId: z.string().min(8),
    ...inProject,
    snapshot: sentSnapshot,
    target: z.string().min(1),
    overrides,
    args: z.array(z.string()),
    tag: z
      .string()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]{0,99}$/u, 'letters, digits, dots, dashes and underscores')
      .optional(),
    env: z.record(z.string(), z.string()).optional(),
    buildOnly: z.boolean().optional(),
    terminal: z.object({ columns: z.int().positive().max(10_000), rows: z.int().positive().max(10_000) }).optional(),
  }),
  answer: async (api, request) => {
    const { store, control, parts, caller, reloadConfig } = api;
    const config = await reloadConfig();
    if (!config.ok) return config;
    const submitted = await submitRun({ parts, control, caller }, request, projectOf(api, request));
    if (!submitted.ok) return submitted;
    const { run, warnings } = submitted.value;
    return ok({ run: viewRun(store, control, run), warnings });
  },
};

/** All about one run. */
export const run: JsonHandler<'run'> = {
  params: z.object({ name: z.string() }),
  answer: async (api, { name }) => {
    const found = findRun(api, name, 'read');
    if (!found.ok) return found;
    const detail = viewRunDetail(api.store, api.control, found.value, tokenFor(api, found.value));
    return ok({ ...detail, gpuNumbers: await gpuNumbers(api.host, detail.gpus) });
  },
};
