/** A command line that is being typed, up to the cursor, as bash hands it over. */
export interface Typed {
  /** as the shell would pass them, the program's name first; the last one is what is being typed, maybe empty */
  words: string[];
  /** of the last word what bash holds fixed: it takes up to the last of its separators (`:`, `=`) for a word of its own. The rest is what it replaces */
  fixed: string;
}

/** Splits a line as a shell does: quotes and backslashes, nothing else. An open quote at its end is that of the last word. `breaks`: $COMP_WORDBREAKS. */
export function splitLine(line: string, breaks: string): Typed {
  const words: string[] = [];
  let word = '';
  let fixed = '';
  let began = false;
  let quote: string | null = null;
  const end = (): void => {
    if (began) words.push(word);
    word = fixed = '';
    began = false;
  };
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? '';
    if (quote !== null) {
      if (char === quote) quote = null;
      else if (char === '\\' && quote === '"' && '"\\$`'.includes(line[i + 1] ?? ' ')) word += line[++i] ?? '';
      else word += char;
    } else if (char === ' ' || char === '\t' || char === '\n') end();
    else {
      began = true;
      if (char === '"' || char === "'") quote = char;
      else if (char === '\\') word += line[++i] ?? '';
      else {
        word += char;
        if (breaks.includes(char)) fixed = word;
      }
    }
  }
  words.push(word);
  // within quotes nothing is a separator
  return { words, fixed: quote === null ? fixed : '' };
}
