import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** How a part of the outside world misbehaves. A missing rate is 1, of mode `none` 0. */
export const Fault = Type.Object(
  {
    mode: Type.Union([
      Type.Literal('none'),
      Type.Literal('errors'),
      Type.Literal('slow'),
      Type.Literal('reset'),
      Type.Literal('garbage'),
    ]),
    rate: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
  },
  { additionalProperties: false },
);

export type Fault = Static<typeof Fault>;

/** What may be set: the fault of one part, or of both. */
export const SandboxFaults = Type.Object(
  { cardProcessor: Type.Optional(Fault), carrier: Type.Optional(Fault) },
  { additionalProperties: false },
);

export type SandboxFaults = Static<typeof SandboxFaults>;

const faults = Compile(SandboxFaults);

export function checkFaults(given: unknown): asserts given is SandboxFaults {
  if (faults.Check(given)) return;
  const [first] = faults.Errors(given);
  throw new TypeError(`These are no faults: ${first?.instancePath || '/'} ${first?.message ?? 'is not valid'}.`);
}

/** What happens to one request. `afterwards`: once what was asked has been done. */
export type Strike =
  | { readonly mode: 'errors'; readonly status: 500 | 503 }
  | { readonly mode: 'slow'; readonly delayMs: number; readonly afterwards: boolean }
  | { readonly mode: 'reset' | 'garbage'; readonly afterwards: boolean };

const SEED = 0x5eed;
const DELAY_MS = 10_000;

/** Decides which requests are struck, and how: by chance at the fault's rate, from a seed, so that a run repeats. */
export class FaultInjector {
  #fault: Fault & { rate: number } = { mode: 'none', rate: 0 };
  #afterwards = false;
  #status: 500 | 503 = 503;
  readonly #random = randomFrom(SEED);

  get fault(): Fault & { rate: number } {
    return this.#fault;
  }

  set fault(fault: Fault) {
    this.#fault = { ...fault, rate: fault.rate ?? (fault.mode === 'none' ? 0 : 1) };
  }

  next(): Strike | undefined {
    const { mode, rate, delayMs = DELAY_MS } = this.#fault;
    if (mode === 'none' || this.#random() >= rate) return undefined;
    if (mode === 'errors') {
      this.#status = this.#status === 500 ? 503 : 500;
      return { mode, status: this.#status };
    }
    this.#afterwards = !this.#afterwards;
    return { mode, delayMs, afterwards: this.#afterwards };
  }
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
