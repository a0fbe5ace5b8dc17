import type { Cli } from '../context.ts';

/** Of several changes within this time only the last is told (ms): whoever drags a window makes hundreds. */
const settles = 80;

/**
 * Tells the daemon how big the terminal is on which a run is looked at, at once (`now`) and whenever it changes, so that what the run draws there fits. Without a
 * terminal it does nothing, and a daemon that will not hear of it (the run is somebody else's, or over) changes nothing. Ends when the answered function is called.
 */
export function tellSize(cli: Cli, name: string, { now }: { now: boolean }): () => void {
  const { stream } = cli.out;
  if (!cli.out.isTTY) return () => {};
  let over = false;
  let timer: NodeJS.Timeout | null = null;
  let telling = Promise.resolve();
  const tell = (): void => {
    timer = null;
    // one after the other: the newest word is to come last
    telling = telling.then(async () => {
      const { columns, rows } = stream;
      if (!over && columns > 0 && rows > 0) await cli.client.call('resize', { name, columns, rows }, { repeatable: true });
    });
  };
  const onResize = (): void => {
    timer ??= setTimeout(tell, settles);
  };
  stream.on('resize', onResize);
  if (now) tell();
  return () => {
    over = true;
    stream.off('resize', onResize);
    if (timer !== null) clearTimeout(timer);
  };
}
