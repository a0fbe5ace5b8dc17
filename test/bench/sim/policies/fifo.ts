import type { Placement } from '../../../../daemon/scheduler/model.ts';
import { place, roomsBeside } from '../rooms.ts';
import { byAge, only, type Policy } from './policy.ts';

/** Strictly by age: whoever does not fit holds everybody behind. */
export const fifo: Policy = {
  name: 'FIFO',
  decide({ waiting, hosts, running }) {
    const rooms = roomsBeside(hosts, running);
    const placements: Placement[] = [];
    for (const run of waiting.toSorted(byAge)) {
      const placement = place(rooms, run);
      if (!placement) break;
      placements.push(placement);
    }
    return only(placements);
  },
};
