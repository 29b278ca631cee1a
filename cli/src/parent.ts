/** Calls back when the launcher that started this process is gone, however it ended. */
export function onParentGone(callback: () => void): void {
  if (!process.channel) return;
  process.once('disconnect', callback);
  process.channel.unref();
}

/** Who asks a process to end: a signal, or the end of its launcher. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'parent gone';

/** One Ctrl-C may come from the terminal, from npm and from the launcher; nobody presses it twice so quickly. */
const SAME_REQUEST_MS = 1_000;

/**
 * Calls back once, when this process shall end. Whoever asks again, after a second or more, gets an end without a
 * drain.
 */
export function onStop(callback: (reason: StopReason) => void): void {
  let asked: number | undefined;
  const ask = (reason: StopReason) => {
    if (asked === undefined) {
      asked = performance.now();
      callback(reason);
    } else if (reason !== 'parent gone' && performance.now() - asked > SAME_REQUEST_MS) process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  process.on('message', (message: { stop?: StopReason }) => message.stop && ask(message.stop));
  onParentGone(() => ask('parent gone'));
}
