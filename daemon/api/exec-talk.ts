import type { WebSocket } from 'ws';
import { execWindow, type ExecEvent, type ExecRequest } from '../../shared/api.ts';
import { unreachable } from '../../shared/result.ts';
import type { Piece } from '../engine/engine.ts';
import type { Session } from '../sessions/session.ts';

/** What a client of a command that runs may say. */
export type ExecInput = Exclude<ExecRequest, { type: 'start' }>;

/**
 * Carries what a client says to its command. No more is kept than the window: the client waits until its bytes were passed on. Answers who takes the frames; false:
 * the client does not keep to that.
 */
export function carryInput(
  session: Session,
  tell: (event: ExecEvent) => void,
): { bytes(data: Buffer): boolean; say(input: ExecInput): void } {
  let waiting = 0;
  let work = Promise.resolve();
  const passOn = async (data: Buffer): Promise<void> => {
    await taken(session, data);
    waiting -= data.length;
    tell({ type: 'taken', bytes: data.length });
  };
  return {
    bytes(data) {
      waiting += data.length;
      if (waiting > execWindow) return false;
      work = work.then(() => passOn(data));
      return true;
    },
    say(input) {
      switch (input.type) {
        case 'resize':
          return void session.resize(input).catch(() => {}); // the engine has gone: so will the session
        case 'signal':
          return void session.signal(input.signal).catch(() => {});
        case 'end':
          work = work.then(() => void session.input.end());
          return;
        default:
          return unreachable(input);
      }
    },
  };
}

/** Resolves when the command's side has taken it, or takes nothing any more. */
const taken = ({ input }: Session, data: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (input.writable) input.write(data, () => resolve());
    else resolve();
  });

const stdout = Buffer.of(1);
const stderr = Buffer.of(2);

/** One piece of what a command prints, as a frame. Resolves when it is on its way, or nobody is there to have it. */
export const sendPiece = (client: WebSocket, piece: Piece): Promise<void> =>
  new Promise((resolve) => {
    if (client.readyState !== client.OPEN || piece.data.length === 0) return resolve();
    client.once('close', resolve);
    client.send(Buffer.concat([piece.stderr ? stderr : stdout, piece.data]), () => {
      client.off('close', resolve);
      resolve();
    });
  });
