/** What became of telling somebody. `why` has no secret: neither the command nor more of a URL than its host. */
export type Told =
  | { how: 'told' }
  /** asking again would be answered so again, or do it twice */
  | { how: 'refused'; why: string }
  /** `pause`: ms to wait at least, as the other side said */
  | { how: 'again'; why: string; pause: number };

export const again = (why: string, pause = 0): Told => ({ how: 'again', why, pause });
export const refused = (why: string): Told => ({ how: 'refused', why });
