import type { FirstAnswer } from '../crash/load.ts';

interface Part {
  asked: number;
  slowestMs: number;
  readonly failed: string[];
}

/** A refusal is an answer; a key that is still in use is none, for nobody has used it before. */
const isFailure = ({ status, problem }: FirstAnswer): boolean =>
  status === 0 || status >= 500 || problem.code === 'idempotency_in_progress';

/** How requests ended that were sent once, in each part of a run. */
export class Availability {
  /** What happens now. */
  part = 'begin';
  readonly #parts = new Map<string, Part>();

  /** A request counts for the part in which it was answered. */
  readonly note = (answer: FirstAnswer): void => {
    const part = this.#of(this.part);
    part.asked += 1;
    part.slowestMs = Math.max(part.slowestMs, answer.ms);
    const { call, status, problem } = answer;
    if (isFailure(answer)) part.failed.push(`${call}: ${status} ${problem.detail ?? ''}`.trim());
  };

  #of(name: string): Part {
    const known = this.#parts.get(name) ?? { asked: 0, slowestMs: 0, failed: [] };
    this.#parts.set(name, known);
    return known;
  }

  get parts(): string[] {
    return [...this.#parts.keys()];
  }

  get slowestMs(): number {
    return Math.max(0, ...[...this.#parts.values()].map(({ slowestMs }) => slowestMs));
  }

  share(name: string): number {
    const { asked, failed } = this.#of(name);
    return 1 - failed.length / Math.max(1, asked);
  }

  lines(): string[] {
    return [...this.#parts].map(([name, { asked, failed, slowestMs }]) => {
      const kinds = [...Map.groupBy(failed, (one) => one)].map(([kind, all]) => `${all.length} × ${kind}`);
      const told = kinds.length > 0 ? ` (${kinds.join(', ')})` : '';
      const percent = (100 * this.share(name)).toFixed(3);
      return `${name}: ${percent} % of ${asked}, the slowest ${slowestMs.toFixed(0)} ms${told}`;
    });
  }
}
