export interface SaidMessage {
  readonly service: string;
  readonly type: string;
  readonly key: string;
  readonly time: string;
  readonly consequences: readonly SaidMessage[];
}

/** A tree of messages as lines, each under the one that has led to it. */
export function eventLines(messages: readonly SaidMessage[], indent = ''): string[] {
  return messages.flatMap(({ service, type, key, time, consequences }, at) => {
    const isLast = at === messages.length - 1;
    const line = `${indent}${isLast ? '└─' : '├─'} ${type}  ${key}  (${service}, ${time})`;
    return [line, ...eventLines(consequences, `${indent}${isLast ? '   ' : '│  '}`)];
  });
}
