import type { Run } from '../../shared/api.ts';

/** What a run is at: `calm-otter-3 queued: second in line`. A reason that says the status itself stands alone: `calm-otter-3 preparing the workspace`. */
export function doing({ status, reason }: Pick<Run, 'status' | 'reason'>): string {
  if (!reason) return status;
  return reason.startsWith(`${status} `) ? reason : `${status}: ${reason}`;
}

/** It is over in a moment, as a rule, and says nothing that a log should keep. */
export const isBrief = ({ status, reason }: Pick<Run, 'status' | 'reason'>): boolean =>
  status === 'preparing' && (!reason || reason.startsWith('preparing '));
