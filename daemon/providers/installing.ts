/** Commands with which providers install what is theirs: they say in their first line what that is, so that what became of them can be told in those words. */

const begin = '# dstack installs ';
const withPip = ' with pip';

/** The command with that line. */
export const installing = (what: string, command: string): string => `${begin}${what.replaceAll('\n', ' ')}\n${command}`;
export const installingByPip = (what: string, command: string): string => installing(`${what}${withPip}`, command);

/** What a command installs for its provider (`JupyterLab`, `the extension ms-python.python`), and whether pip does it; null: it is somebody else's. */
export function installedBy(command: string): { what: string; pip: boolean } | null {
  const [line = ''] = command.split('\n', 1);
  if (!line.startsWith(begin)) return null;
  const text = line.slice(begin.length);
  return { what: text.endsWith(withPip) ? text.slice(0, -withPip.length) : text, pip: text.endsWith(withPip) };
}

/** The exit code where an image has nothing to install with. */
export const noInstaller = 127;

/**
 * `pip install WORDS`, or uv where the image has only that: for the image's own Python, or for the environment of conda or venv that it has switched on. Neither: it
 * says what is missing, and ends with `noInstaller`.
 */
export const pipOrUv = (words: string, missing: string): string => `if command -v pip >/dev/null 2>&1; then pip install ${words}
elif command -v uv >/dev/null 2>&1; then uv pip install $([ -n "\${VIRTUAL_ENV-}\${CONDA_PREFIX-}" ] || echo --system) ${words}
else echo "dstack: ${missing}" >&2; exit ${noInstaller}
fi`;

/** Said where there is nothing to install it with. */
export const nothingToInstall = (what: string): string => `the image has neither ${what} nor pip to install it with: use another image`;
