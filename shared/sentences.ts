/** A failure in one breath: what happened, then what to do, each a sentence. */
export const inSentences = ({ message, hint }: { message: string; hint?: string | undefined }): string =>
  hint === undefined ? message : `${ended(message)} ${hint}`;

const ended = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`);
