/** Shorter values would blot out half of what is printed. In characters. */
const shortest = 3;

/**
 * The byte sequences to look for, so that a secret's value is not shown: the value without the white space around it; with the line ends that a
 * terminal makes of its own (`\n` → `\r\n`); and each line of a value of several lines. Nothing that is shorter than 3 characters.
 * Values that were encoded on the way (base64, URL, JSON escapes) are not recognised.
 */
export function maskedForms(secrets: string[]): Buffer[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const value = secret.trim();
    const unix = value.replaceAll('\r\n', '\n');
    for (const form of [value, unix, unix.replaceAll('\n', '\r\n'), value.replaceAll('\n', '\r\n')]) forms.add(form);
    for (const line of unix.split('\n')) forms.add(line.trim());
  }
  return [...forms].filter((form) => [...form].length >= shortest).flatMap((form) => [Buffer.from(form), ...cutForms(form)]);
}

/**
 * A form with one of its non-ASCII characters unreadable, for each of them: the engine's record replaces a character that the end of a
 * record cuts (EngineText), and the rest of the secret would stand there.
 */
function cutForms(form: string): Buffer[] {
  const characters = [...form];
  return characters.flatMap((character, index) => {
    const size = Buffer.byteLength(character);
    if (size === 1) return [];
    return [Buffer.from(characters.with(index, '\uFFFD'.repeat(size)).join(''))];
  });
}
