import type { ParsedFile } from '../source/parsed-file.ts';

const COMMENT = /^\s*(\/\/|\/?\*)|\s\/\/\s/;
const PUBLIC =
  /\bpublic(ly)?\b|\banonymous|\bopen to (all|every|any)|\b(no|without) (auth\w*|login|token|sign(ing)?[ -]in)\b/i;
const FAR = 8;

/** `// public: …` at a route, or at the head of the paragraph that it stands in: whoever reads it knows. */
export function isSaidPublic({ lines }: ParsedFile, line: number): boolean {
  for (let at = line - 1; at >= 0 && at > line - FAR; at -= 1) {
    const text = lines[at]!;
    if (text.trim() === '') return false;
    if (COMMENT.test(text)) return PUBLIC.test(text.slice(text.search(COMMENT)));
  }
  return false;
}
