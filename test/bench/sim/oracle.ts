/** When the first in line can start at the latest, and who could pass it without delaying it: said again, slowly, for the property tests. */
import type { Running, Situation, Waiting } from '../../../daemon/scheduler/model.ts';
import { asRunning } from './running.ts';
import { copyOf, emptyRooms, fits, place, roomsBeside } from './rooms.ts';

/** The earliest time at which it fits if every run takes all of its max_duration; null: nobody knows. */
export function latestStart(situation: Situation, running: readonly Running[], first: Waiting): number | null {
  const { now, hosts } = situation;
  for (const time of [now, ...running.flatMap(({ endsAt }) => endsAt ?? []).toSorted((a, b) => a - b)]) {
    if (
      fits(
        roomsBeside(
          hosts,
          running.filter(({ endsAt }) => endsAt === null || endsAt > time),
        ),
        first,
      )
    )
      return time;
  }
  return null;
}

/** Whether some host has room for a run of one job that would not delay the first: the name of it; null: none. */
export function couldPass(situation: Situation, running: readonly Running[], first: Waiting, run: Waiting): string | null {
  if (run.jobs.length > 1) return null;
  const start = latestStart(situation, running, first);
  for (const room of copyOf(roomsBeside(situation.hosts, running))) {
    const placement = place([room], run);
    if (!placement) continue;
    const [host] = emptyRooms(situation.hosts).filter(({ host: name }) => name === room.host);
    if (!first.jobs.some((job) => fits([host!], { id: first.id, jobs: [job] }))) return room.host;
    if (start === null) continue;
    const beside = latestStart(situation, [...running, asRunning(run, placement, situation.now)], first);
    if (beside !== null && beside <= start) return room.host;
  }
  return null;
}
