/** An element of what nvidia-smi prints as XML. */
export interface XmlElement {
  name: string;
  /** as it stands in the tag: ` id="00000000:01:00.0"` */
  attributes: string;
  /** what stands in it outside of its children, trimmed */
  text: string;
  children: XmlElement[];
}

const token = /<!--[^]*?-->|<[?!][^>]*>|<(\/?)([A-Za-z_][\w.-]*)([^<>]*?)(\/?)>/g;

/**
 * Reads XML of the simple kind that nvidia-smi prints, and forgives what it does wrong: names of processes with bare `<` and `&`, an end that is missing,
 * lines of plain text before, between and after. Answers an element without a name that holds all of it. No namespaces, no CDATA.
 */
export function readXml(source: string): XmlElement {
  const root = element('', '');
  const open = [root];
  let done = 0;
  const top = (): XmlElement => open.at(-1) ?? root;
  const text = (until: number): void => {
    top().text += unescape(source.slice(done, until));
  };
  for (const match of source.matchAll(token)) {
    const [whole, slash, name, attributes = '', empty] = match;
    const depth = slash ? open.findLastIndex((one) => one.name === name) : -1;
    // closes nothing: it is part of a text
    if (slash && depth < 1) continue;
    text(match.index);
    done = match.index + whole.length;
    if (name === undefined) continue;
    if (slash) open.splice(depth).forEach(trim);
    else {
      const made = element(name, attributes);
      top().children.push(made);
      if (!empty) open.push(made);
    }
  }
  text(source.length);
  open.forEach(trim);
  return root;
}

const element = (name: string, attributes: string): XmlElement => ({ name, attributes, text: '', children: [] });

const trim = (one: XmlElement): void => {
  one.text = one.text.trim();
};

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const unescape = (text: string): string => text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => entities[name] ?? '');

/** The first child on each step of `path` (`fb_memory_usage/total`); null: there is none. */
export function find(from: XmlElement, path: string): XmlElement | null {
  let at: XmlElement | null = from;
  for (const name of path.split('/')) at = at?.children.find((child) => child.name === name) ?? null;
  return at;
}

/** All below `from` with this name, at any depth. */
export const findAll = (from: XmlElement, name: string): XmlElement[] =>
  from.children.flatMap((child) => [...(child.name === name ? [child] : []), ...findAll(child, name)]);
