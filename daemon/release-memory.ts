/** How long nothing must have been under way (ms). */
const quiet = 2_000;

/**
 * A function to call whenever nothing is under way any more: some time after the last call it gives memory back. Node collects only when something
 * allocates, which an idle daemon does not, and would keep what its last runs needed for months. Without `--expose-gc` nothing happens.
 */
export function memoryReleaser(): () => void {
  let timer: NodeJS.Timeout | null = null;
  return () => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => globalThis.gc?.(), quiet);
    timer.unref();
  };
}
