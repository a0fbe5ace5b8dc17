import { InTheWay } from '../claims/claims-held.ts';
import type { ControlParts } from '../parts.ts';

/** A GPU that could not be claimed is not handed out for a while: the next attempt shall get another. */
export function keepBack(parts: Pick<ControlParts, 'gpus'>, error: unknown): void {
  if (error instanceof InTheWay) parts.gpus.suspects.addFor([error.uuid], `cannot be claimed: ${error.failure.message}`);
}
