import { setTimeout as pause } from 'node:timers/promises';
import { DomainError, type Sealed } from '@ashlar/domain';
import type { PersonalVault } from '@ashlar/personal-data';
import type { Database } from '@ashlar/postgres';
import { type Answer, AnsweredBefore, isKept } from './answer.ts';
import type { AnswerTable, Kept } from './answer-table.ts';
import type { Claim } from './idempotency-key.ts';

/** What a keyed request does in its transaction, and which of its failures are answers to be kept. */
export interface KeyedWork<Result> {
  run(): Promise<Result>;
  refusal(error: unknown): Answer | undefined;
  /** Whose personal data an answer holds. */
  about?(payload: unknown): string | undefined;
}

/** The steps of a request that calls the outside world between two transactions. */
export interface ResourceSteps<Result> {
  /** Stores what is begun, in one transaction with the key, and answers its id. Calls nothing outside the database. */
  start(): Promise<string>;
  /** Goes on after that transaction; only the request that has begun it comes here. */
  finish(resource: string): Promise<Result>;
  /** Answers how it stands now, to every later request with the same key. */
  replay(resource: string): Promise<Result>;
  /**
   * Whether the first answer may differ from how it will stand: then it is kept, and later requests get it. It is kept
   * open, and may hold no personal data.
   */
  isInterim?(result: Result): boolean;
}

interface Refused {
  readonly refused: Answer;
  readonly because: unknown;
}

type Found<Result> = { readonly first: Result } | { readonly kept: Kept } | Refused;

const IN_PROGRESS = 'idempotency_in_progress';
const LOOK_AGAIN_MS = 100;
/** Longer than a transaction may stand idle. */
const LOOKS = 70;

/**
 * Answers each Idempotency-Key once. The key is locked, looked up, worked for and kept in the transaction of the work
 * itself, so that a crash at any instant leaves either the effects with their answer, or neither.
 */
export class KeyedAnswers {
  readonly #running = new Set<string>();

  constructor(
    private readonly db: Database,
    private readonly table: AnswerTable,
    private readonly vault?: Pick<PersonalVault, 'seal' | 'open'>,
  ) {}

  /** Whether answers can be kept sealed. */
  get seals(): boolean {
    return this.vault !== undefined;
  }

  /** Throws `AnsweredBefore` where the key has its answer. */
  async answer(claim: Claim, work: KeyedWork<Answer>): Promise<Answer> {
    const run = async () => {
      const answer = await work.run();
      if (isKept(answer.status)) await this.#keep(claim, answer, work.about?.(answer.payload));
      return answer;
    };
    const found = await this.#once(claim, { run, refusal: work.refusal });
    if ('kept' in found) throw new AnsweredBefore(answerIn(found.kept));
    return 'first' in found ? found.first : found.refused;
  }

  /** What nobody may read again is not kept: the owner has gone meanwhile. */
  async #keep(claim: Claim, answer: Answer, owner: string | undefined): Promise<void> {
    if (owner === undefined) return this.table.keep(claim, { answer });
    const sealed = await this.vault!.seal(owner, { answer: answer.payload });
    if (sealed) this.table.keep(claim, { answer: { ...answer, payload: sealed.answer }, owner });
  }

  /** The key stays taken in this process until `finish` is done, beyond the end of its transaction. */
  async begin<Result>(
    claim: Claim,
    { start, finish, replay, isInterim }: ResourceSteps<Result>,
    refusal: KeyedWork<Result>['refusal'],
  ) {
    const scope = claim.scope.toString('base64');
    if (this.#running.has(scope)) throw inProgress();
    this.#running.add(scope);
    try {
      const run = async () => {
        const resource = await start();
        this.table.keep(claim, { resource });
        return resource;
      };
      const found = await this.#once(claim, { run, refusal });
      if ('first' in found) {
        const result = await finish(found.first);
        if (isInterim?.(result)) await this.table.keepInterim(claim, result);
        return { result, written: undefined };
      }
      if ('refused' in found) throw found.because;
      if ('answer' in found.kept) throw new AnsweredBefore(found.kept.answer);
      const { resource, written, interim } = found.kept;
      return { result: interim === undefined ? await replay(resource) : (interim as Result), written };
    } finally {
      this.#running.delete(scope);
    }
  }

  /** What a request without a key does: the same steps, and nothing is kept. */
  async withoutKey<Result>({ start, finish }: ResourceSteps<Result>): Promise<Result> {
    return finish(await this.db.transaction(start));
  }

  /** The database ends what stands idle in it, and what belonged to the dead: then the key is free. */
  async #once<Result>(claim: Claim, work: KeyedWork<Result>): Promise<Found<Result>> {
    for (let left = claim.isRepeated ? LOOKS : 0; ; left--) {
      try {
        return await this.#now(claim, work);
      } catch (error) {
        if (left === 0 || !(error instanceof DomainError && error.code === IN_PROGRESS)) throw error;
      }
      await pause(LOOK_AGAIN_MS);
    }
  }

  async #now<Result>(claim: Claim, work: KeyedWork<Result>): Promise<Found<Result>> {
    const attempt: { refused?: Refused } = {};
    try {
      return await this.db.transaction(async () => {
        delete attempt.refused;
        const kept = await this.#takeAndFind(claim);
        return kept ? { kept } : this.#run(claim, work, attempt);
      });
    } catch (error) {
      const refused = attempt.refused ?? refusedAtCommit(error, work);
      if (!refused) throw error;
      return this.#keepAlone(claim, refused);
    }
  }

  /** A refusal takes back what the work had buffered, and is kept in its place. */
  async #run<Result>(claim: Claim, work: KeyedWork<Result>, attempt: { refused?: Refused }): Promise<Found<Result>> {
    try {
      return { first: await this.db.transaction(() => work.run()) };
    } catch (error) {
      const answer = work.refusal(error);
      if (!answer) throw error;
      attempt.refused = { refused: answer, because: error };
      this.table.keep(claim, { answer });
      return attempt.refused;
    }
  }

  /**
   * A refusal after an immediate write, or by the database at the commit, has spoiled its transaction: it is kept in a
   * new one. Whoever came in between with the same key has given the answer then, and this request gives that one.
   */
  async #keepAlone<Result>(claim: Claim, refused: Refused): Promise<Found<Result>> {
    return this.db.transaction(async () => {
      const kept = await this.#takeAndFind(claim);
      if (kept) return { kept };
      this.table.keep(claim, { answer: refused.refused });
      return refused;
    });
  }

  async #takeAndFind(claim: Claim): Promise<Kept | undefined> {
    const { isTaken, found } = await this.table.take(claim);
    if (!isTaken) throw inProgress();
    if (found && !found.sameBody) throw reused();
    if (!found || !('answer' in found.kept) || found.kept.owner === undefined) return found?.kept;
    const { answer } = found.kept;
    const payload = await this.vault?.open(answer.payload as Sealed);
    if (payload !== undefined) return { answer: { ...answer, payload } };
    await this.table.forget(claim);
    return undefined;
  }
}

/** Our own refusals (a key in progress or re-used) are thrown as `DomainError`s too, and are never kept. */
function refusedAtCommit(error: unknown, work: KeyedWork<unknown>): Refused | undefined {
  const answer = error instanceof DomainError ? undefined : work.refusal(error);
  return answer && { refused: answer, because: error };
}

function answerIn(kept: Kept) {
  if ('answer' in kept) return kept.answer;
  throw new Error('A key of answerOnce was met by a route that keeps whole answers.');
}

const inProgress = (): DomainError =>
  new DomainError(IN_PROGRESS, 'conflict', 'A request with this Idempotency-Key is still running.');

const reused = (): DomainError =>
  new DomainError('idempotency_key_reused', 'invalid', 'This Idempotency-Key was used with another body.');
