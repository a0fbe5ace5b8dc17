/**
 * How long nothing must have been under way (ms): for the first time; and once more when V8 takes what was not run for half a minute for cold, and gives up its
 * bytecode at the next collection.
 */
const quiet = [2_000, 31_000];

/**
 * A function to call whenever nothing is under way any more: some time after the last call it gives memory back, and what `shrink` does. Node collects only when
 * something allocates, which an idle daemon does not, and would keep what its last runs needed for months. Without `--expose-gc` only `shrink` is called.
 */
export function memoryReleaser(shrink: () => void = () => {}): () => void {
  let timers: NodeJS.Timeout[] = [];
  const release = (): void => {
    shrink();
    globalThis.gc?.();
  };
  return () => {
    timers.forEach(clearTimeout);
    timers = quiet.map((after) => setTimeout(release, after).unref());
  };
}
