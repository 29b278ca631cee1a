import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { eventually, type UnitOfWork } from '@ashlar/postgres';
import { contractSuite, type Rules } from '@ashlar/postgres/contract-suites';
import { currentContext, runInContext } from '@ashlar/telemetry';
import { GiveUp, type JobRun, type Jobs } from './jobs.ts';

/** The jobs of one service. */
export interface JobsStage {
  readonly work: UnitOfWork;
  /** Those of another process on the same database; stopped when the test ends. */
  jobs(): Jobs;
  /** Those of a process that has died while it was doing the job `order-1` of this queue. */
  died(queue: string): Promise<void>;
  /** Milliseconds, on the clock by which jobs become due. */
  now(): number;
}

const refused = new Error('refused');

const enqueueRules: Rules<JobsStage> = {
  'a job is done once its transaction has committed, with what it was given': async ({ work, jobs: make }) => {
    const jobs = make();
    const done: unknown[] = [];
    let isCommitted = false;
    const queue = jobs.queue<{ weight: number }>({ name: 'committed' }, async (data, { id, attempt }) => {
      done.push({ data, id, attempt, isCommitted, isInTransaction: work.inTransaction });
    });
    await jobs.start();
    await work.transaction(async () => {
      await queue.enqueue({ id: 'order-1', data: { weight: 2 } });
      work.afterCommit(() => {
        isCommitted = true;
      });
    });
    await eventually('it is done', () => done.length === 1);
    const told = { id: 'order-1', attempt: 1, isCommitted: true, isInTransaction: false };
    deepStrictEqual(done, [{ data: { weight: 2 }, ...told }]);
  },

  'a job of a transaction that fails never was, nor one of a part that does': async ({ work, jobs: make }) => {
    const jobs = make();
    const done: string[] = [];
    const queue = jobs.queue({ name: 'taken-back' }, async (_, { id }) => void done.push(id));
    await jobs.start();
    const failing = work.transaction(async () => {
      await queue.enqueue({ id: 'whole', data: {} });
      throw refused;
    });
    await rejects(failing, refused);
    await work.transaction(async () => {
      await queue.enqueue({ id: 'kept', data: {} });
      const part = work.transaction(async () => {
        await queue.enqueue({ id: 'part', data: {} });
        throw refused;
      });
      await rejects(part, refused);
    });
    await queue.enqueue({ id: 'last', data: {} });
    await eventually('both are done', () => done.length >= 2);
    deepStrictEqual(done.sort(), ['kept', 'last']);
  },

  'a job has the trace and correlation of whoever enqueued it, and nothing else': async (stage) => {
    const jobs = stage.jobs();
    const seen: unknown[] = [];
    const request = new AsyncLocalStorage<string>();
    const queue = jobs.queue({ name: 'traced-jobs' }, async () => {
      const { trace, correlationId } = currentContext()!;
      seen.push([trace.traceId, correlationId, request.getStore()]);
    });
    await jobs.start();
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
    await request.run('GET /', () =>
      runInContext({ trace, correlationId: 'order' }, () => queue.enqueue({ id: 'order-1', data: {} })),
    );
    await eventually('it is done', () => seen.length === 1);
    deepStrictEqual(seen, [[trace.traceId, 'order', undefined]]);
  },

  'a queue is declared once': async (stage) => {
    const jobs = stage.jobs();
    jobs.queue({ name: 'twin' }, async () => {});
    throws(() => jobs.queue({ name: 'twin' }, async () => {}), /declared twice/);
  },
};

const identityRules: Rules<JobsStage> = {
  'the same id is one job while it waits or runs, in each queue; after its end it is a new one': async ({
    work,
    jobs: make,
  }) => {
    const jobs = make();
    const gate = Promise.withResolvers<void>();
    const [begun, done]: [string[], string[]] = [[], []];
    const handle =
      (queue: string) =>
      async (_: object, { id }: JobRun) => {
        begun.push(`${queue} ${id}`);
        await gate.promise;
        done.push(`${queue} ${id}`);
      };
    const [one, other] = ['one', 'other'].map((queue) => jobs.queue({ name: `once-${queue}` }, handle(queue)));
    await jobs.start();
    await work.transaction(async () => {
      for (let n = 0; n < 2; n++) await one!.enqueue({ id: 'a', data: {} });
    });
    await eventually('it runs', () => begun.length === 1);
    for (const queue of [one!, other!]) await queue.enqueue({ id: 'a', data: {} });
    await eventually('the other one runs', () => begun.length === 2);
    gate.resolve();
    await eventually('both are done', () => done.length === 2);
    await eventually('it may be enqueued again', async () => {
      await one!.enqueue({ id: 'a', data: {} });
      return begun.filter((which) => which === 'one a').length === 2;
    });
  },
};

const failureRules: Rules<JobsStage> = {
  'a job that fails is tried again until it succeeds, and each try is counted': async ({ jobs: make, now }) => {
    const jobs = make();
    const begun: { attempt: number; at: number }[] = [];
    const queue = jobs.queue({ name: 'stubborn-job', retryEveryMs: 1_000 }, async (_, { attempt }) => {
      begun.push({ attempt, at: now() });
      if (attempt < 3) throw refused;
    });
    await jobs.start();
    await queue.enqueue({ id: 'order-1', data: {} });
    await eventually('it has succeeded', () => begun.length === 3);
    deepStrictEqual(
      begun.map(({ attempt }) => attempt),
      [1, 2, 3],
    );
    ok(begun[1]!.at - begun[0]!.at >= 500, 'It was tried again at once.');
    deepStrictEqual(await jobs.failed(), []);
  },

  'a job that is given up is listed as failed, the latest first, and not tried again': async (stage) => {
    const jobs = stage.jobs();
    let runs = 0;
    const queue = jobs.queue<{ city: string }>({ name: 'hopeless-job' }, async ({ city }) => {
      runs += 1;
      throw new GiveUp(`${city} is nowhere.`);
    });
    await jobs.start();
    for (const [index, city] of ['Ys', 'Atlantis'].entries()) {
      await queue.enqueue({ id: `order-${index}`, data: { city } });
      await eventually('it is given up', async () => (await jobs.failed()).length === index + 1);
    }
    const failed = (await jobs.failed()).map(({ failedAt, ...job }) => ({ ...job, isTimed: failedAt instanceof Date }));
    const given = { queue: 'hopeless-job', attempts: 1, isTimed: true };
    deepStrictEqual(failed, [
      { ...given, id: 'order-1', data: { city: 'Atlantis' }, error: 'Atlantis is nowhere.' },
      { ...given, id: 'order-0', data: { city: 'Ys' }, error: 'Ys is nowhere.' },
    ]);
    strictEqual(runs, 2);
  },

  'open and given-up jobs are counted, by all processes alike, queues that hold nothing included': async (stage) => {
    const start = async (jobs: Jobs) => {
      const hopeless = jobs.queue({ name: 'counted-hopeless' }, async () => {
        throw new GiveUp('Never.');
      });
      const stubborn = jobs.queue({ name: 'counted-stubborn', retryEveryMs: 60_000 }, async () => {
        throw refused;
      });
      const simple = jobs.queue({ name: 'counted-simple' }, async () => {});
      deepStrictEqual(await jobs.counts(), []);
      await jobs.start();
      return { hopeless, stubborn, simple };
    };
    const jobs = stage.jobs();
    const { hopeless, stubborn, simple } = await start(jobs);
    await hopeless.enqueue({ id: 'order-1', data: {} });
    await stubborn.enqueue({ id: 'order-1', data: {} });
    await stubborn.enqueue({ id: 'order-2', data: {}, afterMs: 60_000 });
    await simple.enqueue({ id: 'order-1', data: {} });
    await eventually('one is given up, and one is done', async () => {
      const [given, done] = await jobs.counts();
      return given!.failed === 1 && done!.open === 0;
    });
    const another = stage.jobs();
    await start(another);
    for (const counting of [jobs, another]) {
      deepStrictEqual(await counting.counts(), [
        { queue: 'counted-hopeless', open: 0, failed: 1 },
        { queue: 'counted-simple', open: 0, failed: 0 },
        { queue: 'counted-stubborn', open: 2, failed: 0 },
      ]);
    }
  },
};

const paceRules: Rules<JobsStage> = {
  'no more jobs run at a time than allowed, and one that comes free is filled': async ({ work, jobs: make }) => {
    const jobs = make();
    const gates = new Map<string, () => void>();
    let most = 0;
    const queue = jobs.queue({ name: 'narrow', concurrency: 2 }, async (_, { id }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gates.set(id, resolve);
      most = Math.max(most, gates.size);
      await promise;
    });
    await jobs.start();
    await work.transaction(async () => {
      for (const id of ['a', 'b', 'c', 'd']) await queue.enqueue({ id, data: {} });
    });
    for (let done = 0; done < 4; done++) {
      await eventually('they run', () => gates.size === Math.min(2, 4 - done));
      const [id, open] = [...gates][0]!;
      gates.delete(id);
      open();
    }
    strictEqual(most, 2);
  },

  'a queue begins no more jobs in a second than it may': async ({ work, jobs: make, now }) => {
    const jobs = make();
    const begun: number[] = [];
    const queue = jobs.queue({ name: 'slow-down', perSecond: 2 }, async () => void begun.push(now()));
    await jobs.start();
    await work.transaction(async () => {
      for (let n = 0; n < 5; n++) await queue.enqueue({ id: `job-${n}`, data: {} });
    });
    await eventually('all are done', () => begun.length === 5);
    for (let n = 2; n < 5; n++) ok(begun[n]! - begun[n - 2]! >= 990, `The ${n}th came too soon.`);
  },

  'a job that is to wait does so, and the others pass it': async ({ jobs: make, now }) => {
    const jobs = make();
    const begun: { id: string; at: number }[] = [];
    const queue = jobs.queue({ name: 'patient' }, async (_, { id }) => void begun.push({ id, at: now() }));
    await jobs.start();
    const enqueuedAt = now();
    await queue.enqueue({ id: 'later', data: {}, afterMs: 600 });
    await queue.enqueue({ id: 'now', data: {} });
    await eventually('both are done', () => begun.length === 2);
    deepStrictEqual([begun[0]!.id, begun[1]!.id], ['now', 'later']);
    ok(begun[1]!.at - enqueuedAt >= 600);
  },
};

const endRules: Rules<JobsStage> = {
  'stopping lets running jobs finish, and leaves the others for the next start': async ({ jobs: make }) => {
    const gate = Promise.withResolvers<void>();
    const [begun, done]: [string[], string[]] = [[], []];
    const declare = (jobs: Jobs) =>
      jobs.queue({ name: 'ending', concurrency: 1 }, async (_, { id }) => {
        begun.push(id);
        await gate.promise;
        done.push(id);
      });
    const jobs = make();
    const queue = declare(jobs);
    await jobs.start();
    for (const id of ['first', 'second']) await queue.enqueue({ id, data: {} });
    await eventually('the first one runs', () => begun.length === 1);
    const stopped = jobs.stop();
    gate.resolve();
    await stopped;
    deepStrictEqual([begun, done], [['first'], ['first']]);
    const next = make();
    declare(next);
    await next.start();
    await eventually('both are done', () => done.length === 2);
    deepStrictEqual(begun, ['first', 'second']);
  },

  'the job of a process that has died runs again; that of a living one does not': async ({ jobs: make, died }) => {
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    const declare = (jobs: Jobs) =>
      jobs.queue({ name: 'orphans', concurrency: 1 }, async (_, { id, attempt }) => {
        begun.push(`${id} ${attempt}`);
        await gate.promise;
      });
    const living = make();
    const queue = declare(living);
    await living.start();
    await queue.enqueue({ id: 'living', data: {} });
    await eventually('it runs', () => begun.length === 1);
    await died('orphans');
    const next = make();
    declare(next);
    await next.start();
    await eventually('the orphan runs', () => begun.includes('order-1 2'));
    deepStrictEqual(begun, ['living 1', 'order-1 2']);
    gate.resolve();
  },
};

/** Jobs are enqueued with everything else, and done at least once, however often it takes. */
export const jobsContract = contractSuite<JobsStage>(enqueueRules, identityRules, failureRules, paceRules, endRules);
