/**
 * FIFO + backfill (EASY), with what ours is told and no more. The first in line that does not fit gets a reservation: the earliest time at
 * which it fits if every run takes all of its max_duration. A later run passes if it ends by then, or if the first still fits then beside
 * it. Where no such time is known, a later run passes only on hosts that could never serve the first.
 */
import type { Placement, Running, Situation, Waiting } from '../../../../daemon/scheduler/model.ts';
import { asRunning } from '../running.ts';
import { copyOf, emptyRooms, fits, place, roomsBeside, type Room } from '../rooms.ts';
import { shapeOf } from '../shape.ts';
import { byAge, only, type Policy } from './policy.ts';

export const backfill: Policy = {
  name: 'FIFO + backfill',
  decide(situation) {
    const { waiting, hosts, running, now } = situation;
    const rooms = roomsBeside(hosts, running);
    const placements: Placement[] = [];
    const started: Running[] = [];
    // shapes that found no room: at all, or for longer than until the first in line needs it
    const full = new Set<string>();
    const late = new Set<string>();
    let first: Reservation | null = null;
    for (const run of waiting.toSorted(byAge)) {
      const shape = shapeOf(run);
      const inTime = first === null || endsBy(first, run, now);
      if (full.has(shape) || (!inTime && late.has(shape))) continue;
      const placement: Placement | null = first === null || inTime ? place(rooms, run) : behind(first, rooms, run);
      if (placement) {
        placements.push(placement);
        started.push(asRunning(run, placement, now));
      } else {
        (inTime ? full : late).add(shape);
        first ??= reserve(situation, [...running, ...started], run);
      }
    }
    return only(placements);
  },
};

interface Reservation {
  run: Waiting;
  /** when it fits at the latest, and what is free then (itself not placed); null: nobody knows */
  at: { time: number; rooms: Room[] } | null;
  /** hosts that could never serve it */
  others: ReadonlySet<string>;
}

function reserve({ hosts }: Situation, running: readonly Running[], run: Waiting): Reservation {
  const ends = [...new Set(running.flatMap(({ endsAt }) => (endsAt === null ? [] : [endsAt])))].toSorted((a, b) => a - b);
  // the more runs have ended the more is free, so the first time at which it fits can be searched by halves
  const at = (index: number) =>
    roomsBeside(
      hosts,
      running.filter(({ endsAt }) => endsAt === null || endsAt > ends[index]!),
    );
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(at(middle), run)) high = middle;
    else low = middle + 1;
  }
  const others = emptyRooms(hosts).filter((room) => !run.jobs.some((job) => fits([room], { id: run.id, jobs: [job] })));
  return {
    run,
    at: low < ends.length ? { time: ends[low]!, rooms: at(low) } : null,
    others: new Set(others.map(({ host }) => host)),
  };
}

const endsBy = ({ at }: Reservation, run: Waiting, now: number): boolean =>
  at !== null && run.maxDuration !== null && now + run.maxDuration <= at.time;

/** Starts a run that may last behind the one with the reservation; null: that might delay it, or there is no room. */
function behind({ run: first, at, others }: Reservation, rooms: Room[], run: Waiting): Placement | null {
  const apart = rooms.filter(({ host }) => others.has(host));
  if (!at) return place(apart, run);
  // best fit, unless that is in the way: then where it cannot be, else host by host
  for (const candidates of [rooms, apart, ...rooms.map((room) => [room])]) {
    const trial = copyOf(candidates);
    const placement = place(trial, run);
    if (!placement) continue;
    const then = without(at.rooms, run, placement);
    if (!fits(then, first)) continue;
    at.rooms = then;
    take(rooms, trial);
    return placement;
  }
  return null;
}

const take = (rooms: Room[], changed: readonly Room[]): void => {
  for (const room of changed)
    Object.assign(
      rooms.find(({ host }) => host === room.host)!,
      room,
    );
};

/** What is left of the rooms beside a run that was placed. */
function without(rooms: readonly Room[], run: Waiting, placement: Placement): Room[] {
  const left = copyOf(rooms);
  for (const [index, { host, gpus }] of placement.jobs.entries()) {
    const room = left.find((candidate) => candidate.host === host)!;
    room.cpu -= run.jobs[index]!.cpu ?? 0;
    room.memory -= run.jobs[index]!.memory ?? 0;
    room.gpus = room.gpus.filter(({ uuid }) => !gpus.includes(uuid));
  }
  return left;
}
