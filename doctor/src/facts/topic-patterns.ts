/** `*` is one word, `#` and `>` are any number of them; what is open in a topic is `*` as well. */
export function topicMatches(pattern: string, topic: string): boolean {
  if (pattern === topic) return true;
  const form = (text: string): RegExp =>
    new RegExp(
      `^${text
        .replaceAll(/[+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('.', '\\.')
        .replaceAll('*', '[^.]*')
        .replaceAll(/#|>/g, '.*')}$`,
    );
  return form(pattern).test(topic) || form(topic).test(pattern);
}
