/**
 * A program for root-helper.test.ts: the store of artifacts in the hands of a user who is not root. Takes one request over IPC, says in between what it
 * needs root for, and waits until the test has done it.
 */
import { once } from 'node:events';
import { createArtifacts } from '../../../daemon/artifacts/create-artifacts.ts';

export interface Request {
  dir: string;
  user: { uid: number; gid: number };
  verb: 'prepare' | 'settle' | 'remove';
}

export type Reply =
  | { type: 'asRoot'; action: 'chown' | 'delete'; path: string }
  | { type: 'done'; result: unknown }
  | { type: 'failed'; message: string };

const reply = (message: Reply): void => void process.send!(message);

process.once('message', ({ dir, user, verb }: Request) => {
  // the modules are loaded by now: that user may not be able to read them
  if (process.getuid!() === 0) {
    process.setgroups!([]);
    process.setgid!(user.gid);
    process.setuid!(user.uid);
  }
  const artifacts = createArtifacts({
    dir,
    owner: user,
    asRoot: async (action, path) => {
      reply({ type: 'asRoot', action, path });
      const [answer] = (await once(process, 'message')) as [string | null];
      if (answer !== null) throw new Error(answer);
    },
  });
  const verbs = {
    prepare: () => artifacts.prepare(1, 0, [{ key: '0', from: null }]),
    settle: () => artifacts.settle(1, 0),
    remove: () => artifacts.remove(1),
  };
  verbs[verb]()
    .then(
      (result: unknown) => reply({ type: 'done', result: result ?? null }),
      (error: Error) => reply({ type: 'failed', message: error.message }),
    )
    .finally(() => process.disconnect());
});
