import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is written down of a session before its command begins. */
export interface Note {
  /** the engine's id of it */
  id: string;
  container: string;
  /** of its first process, inside the container */
  pid: number;
}

/** The sessions that are open, a small file each: those that a killed daemon left are ended by the next one. */
export function sessionNotes(dir: string) {
  const file = (id: string): string => join(dir, id);
  return {
    async add(note: Note): Promise<void> {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await writeFile(file(note.id), JSON.stringify(note), { mode: 0o600 });
    },
    remove: (id: string): Promise<void> => rm(file(id), { force: true }),
    /** What a power cut left half written is no note, and goes. */
    async all(): Promise<Note[]> {
      const names = await readdir(dir).catch(() => []);
      const notes = await Promise.all(
        names.map(async (name) => {
          const note = parse(await readFile(file(name), 'utf8').catch(() => ''));
          if (note === null) await rm(file(name), { force: true });
          return note;
        }),
      );
      return notes.filter((note) => note !== null);
    },
  };
}

function parse(text: string): Note | null {
  try {
    return JSON.parse(text) as Note;
  } catch {
    return null;
  }
}
