import { systemTimers } from '@ashlar/domain';
import type { Gap, Repair, Replay } from '@ashlar/messaging';
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Link } from './link.ts';
import { type Names, token } from './names.ts';

const ANSWER_WITHIN_MS = 2_000;
/** Sources that are there say so at once. */
const SAY_SO_WITHIN_MS = 500;
/** One that is at it says so, again and again; one that is silent for so long is gone. */
const AT_IT_EVERY_MS = 2_000;
const SILENT_FOR_MS = 10_000;

type Answer = { readonly floor: number } | { readonly error: string };
type Note = { readonly source: string; readonly state: 'begun' | 'done' | 'failed' };

/** What is asked of the sources of messages, over core NATS: one replica of each source answers. */
export class Sources {
  readonly #subscriptions: Subscription[] = [];

  constructor(
    private readonly link: Link,
    private readonly names: Names,
    private readonly onError: (error: unknown) => void,
  ) {}

  onRepair(source: string, repair: Repair): void {
    this.#serve(this.names.repair(source), source, async (message) => {
      const answer = await repair(message.json<Gap>()).then(
        (floor): Answer => ({ floor }),
        (error): Answer => ({ error: String(error) }),
      );
      message.respond(JSON.stringify(answer));
    });
  }

  async repair(gap: Gap): Promise<number> {
    const subject = this.names.repair(gap.source);
    const reply = await this.link.connection.request(subject, JSON.stringify(gap), { timeout: ANSWER_WITHIN_MS });
    const answer = reply.json<Answer>();
    if ('error' in answer) throw new Error(`${gap.source} cannot fill a gap: ${answer.error}`);
    return answer.floor;
  }

  onReplay(source: string, replay: Replay): void {
    this.#serve(this.names.replay, source, async (message) => {
      const say = (state: Note['state']) => message.respond(JSON.stringify({ source, state } satisfies Note));
      say('begun');
      const stop = systemTimers.every(AT_IT_EVERY_MS, async () => void say('begun'), this.onError);
      await replay(message.json<string>())
        .finally(stop)
        .then(
          () => say('done'),
          (error) => {
            say('failed');
            throw error;
          },
        );
    });
  }

  /** Resolves when every source that is there has sent what it keeps; rejects where one could not. */
  async replay(channel: string): Promise<void> {
    const { connection } = this.link;
    const open = new Set<string>();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const inbox = createInbox();
    let isCounted = false;
    const patience = () =>
      systemTimers.once(SILENT_FOR_MS, () =>
        reject(new Error(`${[...open].join()} stopped sending ${channel} again.`)),
      );
    let stopWaiting = patience();
    const look = () => isCounted && open.size === 0 && resolve();
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error || message.data.length === 0) return;
        stopWaiting();
        stopWaiting = patience();
        const { source, state } = message.json<Note>();
        if (state === 'begun') open.add(source);
        else open.delete(source);
        if (state === 'failed') reject(new Error(`${source} could not send ${channel} again.`));
        look();
      },
    });
    const stopCounting = systemTimers.once(SAY_SO_WITHIN_MS, () => {
      isCounted = true;
      look();
    });
    try {
      connection.publish(this.names.replay, JSON.stringify(channel), { reply: inbox });
      await promise;
    } finally {
      stopCounting();
      stopWaiting();
      subscription.unsubscribe();
    }
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #serve(subject: string, source: string, work: (message: Msg) => Promise<void>): void {
    const subscription = this.link.connection.subscribe(subject, {
      queue: token(source),
      callback: (error, message) => {
        if (error) this.onError(error);
        else work(message).catch(this.onError);
      },
    });
    this.#subscriptions.push(subscription);
  }
}
