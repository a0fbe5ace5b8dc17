/** Variables that installers and compilers read without being told by any command. */
const read =
  /^(PIP|UV|CONDA|MAMBA|POETRY|PDM|PYTHON|NPM|npm_config|CMAKE|TORCH_CUDA)_?|^(PATH|LD_LIBRARY_PATH|CC|CXX|CFLAGS|CXXFLAGS|LDFLAGS|MAKEFLAGS|CUDA_HOME|FORCE_CUDA|MAX_JOBS)$/;

/** Whether a variable of the workflow may matter to what is installed by `texts`: those that only the program reads, such as a learning rate, make no new environment. */
export const takesPartIn = (name: string, texts: readonly string[]): boolean =>
  read.test(name) || texts.some((text) => new RegExp(`\\$\\{?${name}\\b`).test(text));

/** What is different in every job, so that commands that speak of it say nothing about the next one: the run's own variables, its place in a gang, its GPUs. */
const ofTheJob =
  /\b(RUN_NAME|RUN_ATTEMPT|JOB_ID|JOB_INDEX|PORT_\d+|NODE_RANK|NODES|MASTER_\w+|nvidia-smi|(CUDA|NVIDIA)_VISIBLE_DEVICES)\b|\$\{\{\s*run\.name/;

/** Whether commands must be run in each job itself. Templates, before the run's name is filled in. */
export const speakOfTheJob = (commands: readonly string[]): boolean => commands.some((command) => ofTheJob.test(command));
