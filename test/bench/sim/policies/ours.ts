import { decide } from '../../../../daemon/scheduler/decide.ts';
import type { Policy } from './policy.ts';

/** The daemon's own scheduler, as it is. It is never told a true run time. */
export const ours: Policy = { name: 'ours', decide: (situation) => decide(situation) };
