import type { ConfigFault } from './config-faults.ts';

/** An object or a list that is not closed yet. */
interface Open {
  readonly path: string;
  /** Those of an object so far; undefined for a list. */
  readonly names: Set<string> | undefined;
  /** The name or the place of what is being read. */
  at: string | number;
}

const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{},]/g;

/**
 * What an object of a JSON text tells twice. `JSON.parse` takes the last of them without a word, and other readers the
 * first: whoever wrote both meant one of them. The text is known to be JSON.
 */
export function repeatedNames(text: string): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const open: Open[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    const inside = open.at(-1);
    if (token === '{' || token === '[') open.push(opened(token, inside));
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && typeof inside?.at === 'number') inside.at += 1;
    else if (colon !== undefined && inside?.names) {
      inside.at = JSON.parse(token.slice(0, -colon.length)) as string;
      if (inside.names.has(inside.at)) faults.push({ path: pathIn(inside), reason: 'told twice' });
      inside.names.add(inside.at);
    }
  }
  return faults;
}

const opened = (token: string, inside: Open | undefined): Open => {
  const path = inside ? pathIn(inside) : '';
  return token === '{' ? { path, names: new Set(), at: '' } : { path, names: undefined, at: 0 };
};

/** A JSON pointer (RFC 6901). */
const pathIn = ({ path, at }: Open): string => `${path}/${String(at).replaceAll('~', '~0').replaceAll('/', '~1')}`;
