import type { Flaw } from './flaw.ts';
import type { Model, Move } from './model.ts';
import { keyOf, type World, worldOf } from './world.ts';

interface Finding {
  readonly flaw: Flaw;
  /** The shortest way to it. */
  readonly path: readonly Move[];
}

interface Limits {
  readonly mostStates: number;
  readonly stopAtFirst: boolean;
}

interface Walk {
  readonly states: number;
  readonly moves: number;
  readonly endings: readonly string[];
  readonly findings: readonly Finding[];
}

/** Goes through all worlds that can be reached, the nearest first: the first way to a flaw is a shortest one. */
export class Exploration {
  /** Worlds by number, as their keys. */
  readonly #worlds: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** From which world each was reached first. */
  readonly #parents: number[] = [];
  /** Moves that come by themselves, from and to. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  /** Worlds from which nothing more is asked: the saga has ended, or a flaw has been found. */
  readonly #settled: number[] = [];
  readonly #endings = new Map<string, number>();
  readonly #flaws = new Map<string, { readonly flaw: Flaw; readonly at: number; readonly last?: Move }>();
  #moves = 0;

  constructor(
    private readonly model: Model,
    private readonly limits: Limits,
  ) {}

  walk(): Walk {
    this.#numberOf(this.model.start, 0);
    const isEnough = () => this.limits.stopAtFirst && this.#flaws.size > 0;
    for (let number = 0; number < this.#worlds.length && !isEnough(); number++) this.#visit(number);
    // Of a walk that was broken off nobody knows where it leads.
    if (!isEnough()) this.#findDeadEnds();
    if (this.#flaws.size === 0) this.#findCompletion();
    return {
      states: this.#worlds.length,
      moves: this.#moves,
      endings: [...this.#endings.keys()].sort(),
      findings: [...this.#flaws.values()]
        .map(({ flaw, at, last }) => ({ flaw, path: [...this.#pathTo(at), ...(last ? [last] : [])] }))
        .sort((one, other) => one.path.length - other.path.length),
    };
  }

  #visit(number: number): void {
    const world = worldOf(this.#worlds[number]!);
    const flaw = this.model.flawOf(world);
    if (flaw) return this.#found(flaw, number);
    const { outcome, state } = this.model.sideOf(world);
    if (state.direction === 'ended') this.#settled.push(number);
    const ending = outcome === 'compensated' ? (state.reason ?? outcome) : outcome;
    if (ending !== undefined && !this.#endings.has(ending)) this.#endings.set(ending, number);
    this.#moves += this.model.idleMoves(world);
    for (const move of this.model.moves(world)) this.#follow(number, move);
  }

  #follow(number: number, move: Move): void {
    this.#moves++;
    if (move.flaw) return this.#found(move.flaw, number, move);
    const next = this.#numberOf(move.world, number);
    if (!move.helps) return;
    this.#from.push(number);
    this.#to.push(next);
  }

  #found(flaw: Flaw, at: number, last?: Move): void {
    this.#settled.push(at);
    const name = `${flaw.law} ${flaw.what}`;
    if (!this.#flaws.has(name)) this.#flaws.set(name, { flaw, at, ...(last && { last }) });
  }

  #numberOf(world: World, parent: number): number {
    const key = keyOf(world);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#worlds.length;
    if (number >= this.limits.mostStates)
      throw new Error(`The saga ${this.model.wiring.name} has more than ${number} states: too many to walk them all.`);
    this.#numbers.set(key, number);
    this.#worlds.push(key);
    this.#parents.push(parent);
    return number;
  }

  /** A world from which whatever comes by itself leads to no end. */
  #findDeadEnds(): void {
    const at = this.#leadingTo(this.#settled).indexOf(0);
    const what = 'From here no answer and no time-out leads to an end.';
    if (at !== -1) this.#flaws.set('way out', { flaw: { law: 'way out', what }, at });
  }

  /** Marks all worlds from which one of these can be reached. */
  #leadingTo(goals: readonly number[]): Uint8Array {
    const next = new Int32Array(this.#to.length);
    const first = new Int32Array(this.#worlds.length).fill(-1);
    for (const [move, to] of this.#to.entries()) {
      next[move] = first[to]!;
      first[to] = move;
    }
    const marked = new Uint8Array(this.#worlds.length);
    for (const goal of goals) marked[goal] = 1;
    const open = [...goals];
    for (let world = open.pop(); world !== undefined; world = open.pop()) {
      for (let move = first[world]!; move !== -1; move = next[move]!) {
        const from = this.#from[move]!;
        if (marked[from] === 0) open.push(from);
        marked[from] = 1;
      }
    }
    return marked;
  }

  #findCompletion(): void {
    const [at] = this.#endings.values();
    if (this.#endings.has('completed') || at === undefined) return;
    const what = 'There is no way on which everything is done.';
    this.#flaws.set('completion', { flaw: { law: 'completion', what }, at });
  }

  #pathTo(number: number): Move[] {
    const path: Move[] = [];
    for (let at = number; at !== 0; at = this.#parents[at]!) {
      const parent = worldOf(this.#worlds[this.#parents[at]!]!);
      path.unshift(this.model.moves(parent).find(({ world, flaw }) => !flaw && keyOf(world) === this.#worlds[at])!);
    }
    return path;
  }
}
