import type { Placement } from '../../../../daemon/scheduler/model.ts';
import { place, roomsBeside } from '../rooms.ts';
import { shapeOf } from '../shape.ts';
import { byAge, only, type Policy } from './policy.ts';

/** Shortest first, by true run times that nobody can know; whoever fits may pass, so that the large may starve. A bound, not a peer. */
export const shortest: Policy = {
  name: 'shortest first (perfect)',
  decide({ waiting, hosts, running }, truth) {
    const rooms = roomsBeside(hosts, running);
    const placements: Placement[] = [];
    const full = new Set<string>();
    for (const run of waiting.toSorted((a, b) => truth(a.id) - truth(b.id) || byAge(a, b))) {
      const shape = shapeOf(run);
      if (full.has(shape)) continue;
      const placement = place(rooms, run);
      if (placement) placements.push(placement);
      else full.add(shape);
    }
    return only(placements);
  },
};
