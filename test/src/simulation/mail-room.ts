import { event, on, outgoing } from '@ashlar/messaging';
import {
  type Deployment,
  MemoryStates,
  type SimulatedDefinition,
  type SimulatedPlatform,
  type SimulatedSystem,
  type Simulation,
} from '@ashlar/simulation';
import { Type } from 'typebox';
import { differ } from '../shop/differ.ts';

const Numbered = Type.Object({ n: Type.Integer() });
const LetterWritten = event('post.LetterWritten.v1', Numbered);
const LetterAnswered = event('desk.LetterAnswered.v1', Numbered);

const PEOPLE = ['ada', 'bob', 'cleo', 'dan'];
const LETTERS_EACH = 8;
const ILL = 0.08;
/** Of one letter: a message that fails five times is dead. */
const OFTEN_ILL = 2;

interface Written {
  readonly count: number;
}
interface Read {
  readonly seen: readonly number[];
}

interface Post {
  write(person: string): Promise<void>;
}

/** Writes letters, numbered for each person. */
const post: SimulatedDefinition<Post> = {
  name: 'post',
  create({ work, stored, outbox }) {
    const letters = new MemoryStates(work, stored.table<Written>('letters'), { name: 'The letters' });
    const write = (person: string) =>
      work.transaction(async () => {
        const { version = 0, state = { count: 0 } } = (await letters.find(person)) ?? {};
        const count = state.count + 1;
        await letters.save({ id: person, version, state: { count } });
        await outbox.add([outgoing(LetterWritten, person, { n: count })]);
      });
    return { app: { write }, consumers: [] };
  },
};

/** Notes what it reads, in the order in which it reads it; now and then it is ill, and cannot. */
function notesOf({ work, stored, world }: SimulatedPlatform, name: string) {
  const notes = new MemoryStates(work, stored.table<Read>(name), { name });
  const illnesses = stored.table<number>(`illnesses of ${name}`);
  const isIll = (letter: string) => {
    const before = illnesses.get(letter)?.state ?? 0;
    if (before >= OFTEN_ILL || !world.random.happens(ILL)) return false;
    illnesses.set(letter, { id: letter, version: 0, state: before + 1 });
    return true;
  };
  return async (person: string, n: number) => {
    const { version = 0, state = { seen: [] } } = (await notes.find(person)) ?? {};
    if (isIll(`${person} ${n}`)) throw new Error(`${name} is ill.`);
    await notes.save({ id: person, version, state: { seen: [...state.seen, n] } });
  };
}

/** Reads letters, and answers each. */
const desk: SimulatedDefinition<object> = {
  name: 'desk',
  create(platform) {
    const note = notesOf(platform, 'letters');
    const read = on(LetterWritten, async ({ subject, data }) => {
      await platform.outbox.add([outgoing(LetterAnswered, subject, data)]);
      await note(subject, data.n);
    });
    return { app: {}, consumers: [{ name: 'desk', subscriptions: [read] }] };
  },
};

/** Keeps letters and answers. */
const archive: SimulatedDefinition<object> = {
  name: 'archive',
  create(platform) {
    const [letter, answer] = [notesOf(platform, 'letters'), notesOf(platform, 'answers')];
    const subscriptions = [
      on(LetterWritten, ({ subject, data }) => letter(subject, data.n), { when: ({ n }) => n % 3 > 0 }),
      on(LetterAnswered, ({ subject, data }) => answer(subject, data.n)),
    ];
    return { app: {}, consumers: [{ name: 'archive', subscriptions }] };
  },
};

/** Comes when much is written already, and reads what is written from then on. */
const newcomer: SimulatedDefinition<object> = {
  name: 'newcomer',
  create(platform) {
    const note = notesOf(platform, 'letters');
    const read = on(LetterWritten, ({ subject, data }) => note(subject, data.n));
    return { app: {}, consumers: [{ name: 'newcomer', subscriptions: [read], from: 'now' }] };
  },
};

/** How many letters of each were published when the newcomer came, and written when he had settled in. */
interface Arrival {
  readonly newcomer: Deployment<object>;
  readonly published: ReadonlyMap<string, number>;
  readonly written: ReadonlyMap<string, number>;
}

export interface MailRoom {
  readonly services: SimulatedSystem;
  readonly post: Deployment<Post>;
  readonly desk: Deployment<object>;
  readonly archive: Deployment<object>;
  arrival?: Arrival;
}

const writtenBy = ({ post: writer }: MailRoom): ReadonlyMap<string, number> =>
  new Map([...writer.stored.table<Written>('letters').values()].map(({ id, state: { count } }) => [id, count]));

const publishedBy = ({ post: writer }: MailRoom): ReadonlyMap<string, number> =>
  new Map(
    writer.stored.messages.outbox.flatMap((kept) => (kept?.publishedAt ? [[kept.row.key, kept.row.sequence]] : [])),
  );

async function arrive(room: MailRoom): Promise<void> {
  const { services } = room;
  const published = publishedBy(room);
  const deployment = services.deploy(newcomer);
  while (deployment.stored.messages.registrations.size === 0) await services.world.pass(100);
  room.arrival = { newcomer: deployment, published, written: writtenBy(room) };
}

/** Several at once for one person: some lose their race, and some get no answer. */
async function writing(room: MailRoom): Promise<void> {
  const { services, post: writer } = room;
  const { world } = services;
  for (let letter = 0; letter < LETTERS_EACH; letter++) {
    if (letter === LETTERS_EACH / 2) await arrive(room);
    await Promise.all(PEOPLE.map((person) => services.ask(writer, ({ write }) => write(person))));
    if (world.random.happens(0.3)) await world.pass(world.random.next() * 1_500);
  }
}

/** Whatever was written is read once, in order, by everybody: nothing lost, doubled or reordered, nothing made up. */
function misread(room: MailRoom): string[] {
  const { post: writer, desk: reader, archive: keeper } = room;
  const missed = [...writer.stored.table<Written>('letters').values()].flatMap(({ id, state: { count } }) => {
    const written = Array.from({ length: count }, (_, index) => index + 1);
    const seenBy = (where: Deployment<object>, name: string) =>
      (where.stored.table<Read>(name).get(id)?.state.seen ?? []).join();
    return [
      ...differ(`letters of ${id} at the desk`, seenBy(reader, 'letters'), written.join()),
      ...differ(`letters of ${id} in the archive`, seenBy(keeper, 'letters'), written.filter((n) => n % 3 > 0).join()),
      ...differ(`answers to ${id} in the archive`, seenBy(keeper, 'answers'), written.join()),
    ];
  });
  return [...missed, ...misreadByNewcomer(room)];
}

/** What was published before he came he does not read; all that was written once he had settled in, he does. */
function misreadByNewcomer({ post: writer, arrival }: MailRoom): string[] {
  const { newcomer: reader, published, written } = arrival!;
  return [...writer.stored.table<Written>('letters').values()].flatMap(({ id, state: { count } }) => {
    const seen = reader.stored.table<Read>('letters').get(id)?.state.seen ?? [];
    const [first = count + 1] = seen;
    const least = (published.get(id) ?? 0) + 1;
    const most = (written.get(id) ?? 0) + 1;
    if (first < least || first > most)
      return [`the newcomer begins with letter ${first} of ${id}, and not with one of ${least} to ${most}`];
    const all = Array.from({ length: count - first + 1 }, (_, index) => first + index);
    return differ(`letters of ${id} for the newcomer`, seen.join(), all.join());
  });
}

/** Messages and nothing else: who writes, who reads and answers, and who keeps both. */
export const mailRoom: Simulation<MailRoom> = {
  system: (services) => ({
    services,
    post: services.deploy(post),
    desk: services.deploy(desk),
    archive: services.deploy(archive),
  }),
  load: writing,
  faults: {
    crash: 0.006,
    freeze: 0.003,
    forget: 0.05,
    reorder: 0.15,
    duplicate: 0.15,
    lostAnswer: 0.1,
    brokenRule: 0.02,
  },
  invariants: misread,
};
