import type { Output } from '../terminal/output.ts';
import { rawTerminal, type RawTerminal } from '../terminal/raw.ts';

export interface Keys {
  /** what the job prints, on its way to the screen */
  see(chunk: Buffer): void;
  /** somebody else asks for a key */
  pause(): void;
  resume(): void;
  /** gives the terminal back as it was */
  end(): void;
}

const ctrlC = '\x03';
const ctrlZ = '\x1a';
const ctrlBackslash = '\x1c';
// oxlint-disable-next-line no-control-regex -- these are the sequences to find
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.?)/g;
/** How long this process may need to stop after it has asked for that (ms); it goes on from there when the user comes back. */
const stopping = 50;

/**
 * Hears single keys, unechoed, while something else prints. What the terminal does about Ctrl+C, Ctrl+Z and Ctrl+\ where it hears them itself happens here too. Needs
 * stdin and `out` to be terminals; however this process ends (SIGKILL excepted) they are as they were. `back`: the user is back from elsewhere.
 */
export function listenForKeys(out: Output, take: (key: string) => void, back: () => void): Keys {
  const { stdin } = process;
  let raw: RawTerminal | null = null;
  let over = false;
  const pause = (): void => {
    stdin.off('data', onData);
    raw?.restore();
    raw = null;
    stdin.pause();
  };
  const resume = (): void => {
    if (over || raw !== null) return;
    raw = rawTerminal(out);
    stdin.on('data', onData);
    stdin.resume();
  };
  const suspend = (): void => {
    pause();
    // as the terminal does it: everybody in front
    process.kill(0, 'SIGTSTP');
    setTimeout(() => {
      resume();
      if (!over) back();
    }, stopping);
  };
  const onData = (typed: Buffer): void => {
    // an arrow, a mouse click: none of ours
    for (const key of typed.toString('utf8').replace(escapes, '')) {
      if (over || raw === null) return;
      if (key === ctrlC) process.kill(process.pid, 'SIGINT');
      else if (key === ctrlZ) suspend();
      else if (key === ctrlBackslash) {
        pause();
        process.kill(process.pid, 'SIGQUIT');
      } else take(key.toLowerCase());
    }
  };
  resume();
  return {
    see: (chunk) => raw?.see(chunk),
    pause,
    resume,
    end: () => {
      over = true;
      pause();
    },
  };
}
