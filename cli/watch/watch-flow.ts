/**
 * A watch as it passes by: the output of its attempts, a line between two of them, and what is waited for. What is known of an attempt (the `run` events) and what it
 * prints come on one connection, but are made in two places of the daemon: output that is here before it is known whose it is waits for that, a moment.
 */
import type { Run, WatchView } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import { doing, isBrief } from '../runs/doing.ts';
import { attemptForms, attemptName, endedForms, endingForms, fit } from './words.ts';

export interface WatchScreen {
  /** columns of the terminal on which the lines are read; null: none */
  columns(): number | null;
  /** somebody's keys are heard */
  keys: boolean;
  /** a line of its own below what was printed, with the colours and the cursor as they were before the job */
  line(text: string): Promise<void>;
  /** a sentence for the user */
  notice(text: string): void;
  /** what is waited for; it is gone when something is printed. `still`: for long, it needs no sign of life. Null: nothing */
  status(text: string | null, still: boolean): void;
}

/** How long output waits for what is to stand above it (ms). */
const patience = 120;
/** The same in a fresh container, whose beginning the daemon hears of later. */
const patienceWithFresh = 400;
/** Chunks that may wait for that. */
const mostHeld = 32;
/** After which an attempt that prints nothing gets its line (ms). */
const silence = 400;
/** For how long something has to be waited for before it is said (ms): a warm restart is over by then. */
const lull = 150;

export class WatchFlow {
  readonly #screen: WatchScreen;
  #run: Run | null = null;
  /** what was known last of the attempt before the run's newest */
  #overtaken: WatchView | null = null;
  /** the newest attempt whose line stands there */
  #drawn = 0;
  /** the one whose output comes */
  #streaming = 0;
  /** an attempt's output has begun, and its line is not there yet */
  #due: number | null = null;
  #held: (() => Promise<void>)[] = [];
  #order = Promise.resolve();
  #lineTimer: NodeJS.Timeout | null = null;
  #statusTimer: NodeJS.Timeout | null = null;
  #statusShown = false;
  #quiet = false;
  #notice: string | null = null;
  /** of an output that is no terminal: the attempt of which it was said that it has ended */
  #endedSaid = 0;

  constructor(screen: WatchScreen) {
    this.#screen = screen;
  }

  onRun(run: Run): void {
    const known = this.#run?.watch ?? null;
    this.#run = run;
    const watch = run.watch ?? null;
    if (watch === null) return;
    if (known !== null && watch.attempt > known.attempt) this.#overtaken = known;
    if (watch.notice !== this.#notice && !isEnded(run.status)) {
      this.#screen.notice(watch.notice ?? mended);
      this.#statusShown = false;
    }
    this.#notice = watch.notice;
    if (this.#due !== null) {
      if (isKnown(watch, this.#due)) this.#release();
    } else if (hasBegun(watch) && watch.attempt > this.#drawn && watch.attempt > this.#streaming) this.#awaitSilence(watch.attempt);
    this.#refresh();
  }

  /** The daemon has gone: one that is started anew says again what it has to say. */
  onGone(): void {
    this.#notice = null;
  }

  /** From here on it is this attempt's output. */
  onAttempt(attempt: number): void {
    if (attempt <= this.#streaming) return;
    this.#streaming = attempt;
    if (attempt <= this.#drawn) return;
    // the line of one that was overtaken before its own could be drawn
    if (this.#due !== null) this.#release();
    this.#due = attempt;
    const watch = this.#run?.watch ?? null;
    if (watch !== null && isKnown(watch, attempt)) this.#release();
  }

  /** Passes the output on in its place; resolves when there is room for more. */
  onData(write: () => Promise<void>): Promise<void> {
    if (this.#due !== null) {
      this.#held.push(write);
      const fresh = (this.#run?.watch?.fresh ?? null) !== null;
      if (this.#held.length === 1) this.#wait(fresh ? patienceWithFresh : patience, () => this.#release());
      // it prints fast enough to be seen without knowing more
      if (this.#held.length > mostHeld) this.#release();
      return Promise.resolve();
    }
    return this.#then(async () => {
      await write();
      this.#printed();
    });
  }

  /** Somebody is being asked something: nothing is drawn; or no longer. */
  quiet(on: boolean): void {
    this.#quiet = on;
    this.#statusShown = false;
    this.#refresh();
  }

  /** Something else was written where the status stood. */
  redraw(): void {
    this.#statusShown = false;
    this.#refresh();
  }

  /** Writes what was held back, and takes away what is waited for. */
  async end(): Promise<void> {
    if (this.#due !== null) this.#release();
    await this.#order;
    for (const timer of [this.#lineTimer, this.#statusTimer]) if (timer !== null) clearTimeout(timer);
    this.#run = null;
    this.#screen.status(null, false);
  }

  #then(action: () => Promise<void>): Promise<void> {
    this.#order = this.#order.then(action);
    return this.#order;
  }

  /** The line of the attempt whose output has begun, then that. */
  #release(): void {
    const attempt = this.#due;
    this.#clearLine();
    this.#due = null;
    const held = this.#held;
    this.#held = [];
    if (attempt !== null) this.#draw(attempt);
    void this.#then(async () => {
      for (const write of held) await write();
      if (held.length > 0) this.#printed();
    });
  }

  #draw(attempt: number): void {
    if (attempt <= this.#drawn) return;
    this.#drawn = attempt;
    // nothing stands above the first
    if (attempt === 1) return;
    const watch = [this.#run?.watch, this.#overtaken].find((one) => one?.attempt === attempt);
    const forms = watch ? attemptForms(watch) : [attemptName(attempt)];
    const columns = this.#screen.columns();
    const text = columns === null ? fit(forms, null) : `── ${fit(forms, columns - 6)} ──`;
    void this.#then(async () => {
      await this.#screen.line(text);
      this.#printed();
    });
  }

  #awaitSilence(attempt: number): void {
    this.#wait(silence, () => {
      if (this.#due === null) this.#draw(attempt);
    });
  }

  #wait(ms: number, action: () => void): void {
    this.#clearLine();
    this.#lineTimer = setTimeout(action, ms);
  }

  #clearLine(): void {
    if (this.#lineTimer !== null) clearTimeout(this.#lineTimer);
    this.#lineTimer = null;
  }

  /** What was printed has taken the status away. */
  #printed(): void {
    this.#statusShown = false;
    this.#refresh();
  }

  #refresh(): void {
    const wanted = this.#wanted();
    if (wanted === null || this.#statusShown) {
      this.#clearStatus();
      if (wanted === null) this.#statusShown = false;
      return this.#screen.status(wanted?.text ?? null, wanted?.still ?? false);
    }
    this.#clearStatus();
    this.#statusTimer = setTimeout(() => {
      const now = this.#wanted();
      if (now === null) return;
      const ended = this.#run?.watch?.phase === 'ended' ? this.#run.watch.attempt : null;
      if (ended !== null && this.#screen.columns() === null) {
        // where nothing is written over, once
        if (ended > this.#endedSaid) this.#screen.notice(now.text);
        this.#endedSaid = ended;
        return;
      }
      this.#statusShown = true;
      this.#screen.status(now.text, now.still);
    }, lull);
  }

  #clearStatus(): void {
    if (this.#statusTimer !== null) clearTimeout(this.#statusTimer);
    this.#statusTimer = null;
  }

  #wanted(): { text: string; still: boolean } | null {
    const watch = this.#run?.watch ?? null;
    if (this.#run === null || watch === null || this.#quiet) return null;
    return statusOf(this.#run, watch, this.#screen);
  }
}

/** What was said of how it watches, or of its workflow, holds no longer. */
export const mended = 'All is well again.';

/** Its commands run, or have run. */
const hasBegun = ({ phase }: WatchView): boolean => phase !== 'starting';

/** Everything is known that stands above its output, or will not be any more. */
const isKnown = (watch: WatchView, attempt: number): boolean => watch.attempt > attempt || (watch.attempt === attempt && hasBegun(watch));

/** What is waited for; null: for nothing, it runs or has ended. */
export function statusOf(
  run: Run,
  watch: WatchView,
  { keys, columns }: Pick<WatchScreen, 'keys' | 'columns'>,
): { text: string; still: boolean } | null {
  if (isEnded(run.status)) return null;
  const room = columns();
  const because = run.reason ? `: ${run.reason}` : '';
  if (run.status === 'stopping') return { text: `${run.name} stopping${because}`, still: false };
  switch (watch.phase) {
    case 'ended':
      return { text: fit(endedForms(watch, keys), room === null ? null : room - 1), still: true };
    case 'running':
      return null;
    case 'ending':
      // beside it stands for how long
      return room === null ? null : { text: fit(endingForms(watch), room - 12), still: false };
    case 'starting': {
      const fresh = watch.fresh === null ? '' : `fresh container: ${watch.fresh} · `;
      if (run.status === 'running')
        return room === null ? null : { text: `attempt ${watch.attempt} · ${fresh}starting${because}`, still: false };
      if (room === null && fresh === '' && isBrief(run)) return null;
      return { text: `${watch.attempt === 1 ? run.name : `attempt ${watch.attempt} ·`} ${fresh}${doing(run)}`, still: false };
    }
  }
}
