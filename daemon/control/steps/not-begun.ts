import { wrongGpusExit } from '../../providers/script.ts';
import type { End } from '../../store/records.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { wrongGpus } from '../claims/gpu-devices.ts';
import type { ControlParts } from '../parts.ts';

/** What `exec` of a program that is not there ends with. */
const noSuchProgram = 127;

/** Why the job's own program never began although its container was started; null: it began, or nobody can tell. */
export async function notBegun(
  parts: Pick<ControlParts, 'gpus'>,
  { job, ...attempt }: Attempt,
  left: { started: boolean; gpusSeen: number[] | null },
  exitCode: number | null,
): Promise<End['problem']> {
  const { state } = job;
  const gpus = 'gpus' in state && state.gpus ? state.gpus : [];
  const byScript = specOf({ job, ...attempt }).start.kind === 'script';
  if (left.started || (!byScript && gpus.length === 0)) return null;
  if (exitCode === wrongGpusExit && 'host' in state && state.host) {
    return { code: 'gpus', message: wrongGpus(state.host, await parts.gpus.of(state.host), gpus, left.gpusSeen) };
  }
  if (exitCode !== noSuchProgram) return null;
  return {
    code: 'start',
    message: byScript
      ? 'the image has no /bin/sh to run commands with; use an image with a shell, or give an entrypoint'
      : 'the image has no /bin/sh, with which dstack looks whether a container has exactly its GPUs before it runs anything; use an image with a shell (one from debian or alpine; in a Dockerfile: COPY --from=busybox:musl /bin/busybox /bin/sh)',
  };
}
