/** Variables that installers and compilers read without being told by any command. */
const read =
  /^(PIP|UV|CONDA|MAMBA|POETRY|PDM|PYTHON|NPM|npm_config|CMAKE|TORCH_CUDA)_?|^(PATH|LD_LIBRARY_PATH|CC|CXX|CFLAGS|CXXFLAGS|LDFLAGS|MAKEFLAGS|CUDA_HOME|FORCE_CUDA|MAX_JOBS)$/;

/**
 * Whether a variable may matter to what is installed by `texts`, in which it need not stand with a `$` (`env | grep ^NAME=`). Those that only the program reads,
 * such as a learning rate, make no new environment.
 */
export function takesPartIn(name: string, texts: readonly string[]): boolean {
  if (read.test(name)) return true;
  const word = new RegExp(`(?<!\\w)${name.replaceAll(/\W/g, '\\$&')}(?!\\w)`);
  return texts.some((text) => word.test(text));
}

/** Of named things those that take part, and those that these speak of in turn. */
export function thoseThatTakePart<T extends readonly [name: string, value: string]>(all: readonly T[], texts: readonly string[]): T[] {
  const found = new Set<T>();
  for (let added: T[], spoken = texts; ; spoken = added.map(([, value]) => value)) {
    added = all.filter((one) => !found.has(one) && takesPartIn(one[0], spoken));
    if (added.length === 0) return [...found];
    for (const one of added) found.add(one);
  }
}

/** What is different in every job, so that commands that speak of it say nothing about the next one: the run's own variables, its place in a gang, its GPUs. */
const ofTheJob =
  /\b(RUN_NAME|RUN_ATTEMPT|JOB_ID|JOB_INDEX|PORT_\d+|NODE_RANK|NODES|MASTER_\w+|nvidia-smi|(CUDA|NVIDIA)_VISIBLE_DEVICES)\b|\$\{\{\s*run\.name/;

/** Whether commands must be run in each job itself: as they are before the run's name is filled in, and the texts of the files that they name. */
export const speakOfTheJob = (texts: readonly string[]): boolean => texts.some((text) => ofTheJob.test(text));

/** Whether one of these folders of the container is spoken of, at least by the last part of its path. */
export const speakOfFolders = (folders: readonly string[], texts: readonly string[]): boolean =>
  folders.some((folder) => takesPartIn(folder.split('/').at(-1) || folder, texts));
