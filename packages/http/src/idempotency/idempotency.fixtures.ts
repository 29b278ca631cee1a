import { type Clock, DomainError, systemClock, UuidV7Ids } from '@ashlar/domain';
import { event, outgoing, PostgresOutbox } from '@ashlar/messaging';
import { ConcurrencyError, type Database, isUniqueViolation } from '@ashlar/postgres';
import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { aServer } from '../server.fixtures.ts';
import type { ServiceServer } from '../service-server.ts';

const ThingMade = event('thing.ThingMade.v1', Type.Object({ id: Type.String() }));

const Body = Type.Object({
  id: Type.String(),
  how: Type.Optional(Type.String()),
  extra: Type.Optional(Type.Object({ a: Type.Integer(), b: Type.Integer() })),
});

/** What a test sees of the server's world, and changes in it. */
export interface ThingWorld {
  nowMs: number;
  /** How often a handler has run. */
  runs: number;
  /** Called by a handler that then waits for the gate. */
  entered: () => void;
  gate: Promise<void>;
}

type Twist = (id: string) => Promise<void>;

const refused = (code: string): DomainError => new DomainError(code, 'conflict', 'No.');
const asExisting = (error: unknown) => (isUniqueViolation(error) ? refused('thing_exists') : undefined);
const INSERT = 'insert into things (id, owner) values ($1, $2)';

/** What `POST /things` does besides making the thing, chosen by the body's `how`. */
const twists = (db: Database, world: ThingWorld): Readonly<Record<string, Twist>> => ({
  refuse: () => Promise.reject(refused('no_such_luck')),
  unauthenticated: () => Promise.reject(new DomainError('invalid_credentials', 'unauthenticated', 'No.')),
  fail: () => Promise.reject(new Error('broken')),
  away: () => Promise.reject(new DomainError('unavailable', 'unavailable', 'Later.')),
  async raceOnce() {
    if (world.runs === 1) throw new ConcurrencyError('The thing');
  },
  async wait() {
    world.entered();
    await world.gate;
  },
  async writeThenRefuse(id) {
    await db.execute(INSERT, [`now ${id}`, 'x']);
    throw refused('too_late');
  },
  async violateNow(id) {
    const twice = db.execute(`${INSERT}, ($1, $2)`, [`now ${id}`, 'x']);
    await twice.catch((error) => Promise.reject(asExisting(error)));
  },
  violateAtCommit: (id) => db.write({ sql: INSERT, values: [id, 'x'] }),
});

/** A server that makes things, in the ways in which handlers go well and wrong. */
export async function aThingServer(db: Database, world: ThingWorld): Promise<ServiceServer> {
  const outbox = new PostgresOutbox({ db, clock: systemClock, ids: new UuidV7Ids(), onCommitted: () => {} });
  const clock: Clock = { now: () => new Date(world.nowMs) };
  const user = { access: 'user', idempotent: true } as const;
  const email = ({ body }: FastifyRequest): string => (body as Static<typeof Body>).id;
  const ways = twists(db, world);
  const make = async ({ id, how }: Static<typeof Body>, owner: string) => {
    await db.write({ sql: INSERT, values: [id, owner] });
    await outbox.add([outgoing(ThingMade, id, { id })]);
    if (how) await ways[how]?.(id);
  };
  return aServer(
    async (http) => {
      http.post('/things', { config: user, schema: { body: Body } }, async (request, reply) => {
        world.runs++;
        const { id } = request.body;
        await db.transaction(() => make(request.body, request.caller.id));
        if (request.body.how === 'refuseAfterwards') throw refused('after_all');
        if (request.body.how === 'answerAway') return reply.code(503).send({ id });
        return reply.code(201).header('location', `/things/${id}`).header('etag', '"1"').send({ id, run: world.runs });
      });
      http.post('/things/:id/closing', { config: user }, async (_request, reply) => reply.code(204).send());
      const signUp = { access: 'public', idempotent: email } as const;
      http.post('/people', { config: signUp, schema: { body: Body } }, async () => ({ run: ++world.runs }));
    },
    { db, clock, errors: asExisting },
  );
}
