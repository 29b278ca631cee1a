import { type Load, median, quantile, type Round } from './closed-loop.ts';
import { cpuMs } from './process-usage.ts';
import { figure, ms, spread } from './report.ts';

/** One thing that is measured. */
export interface Contestant {
  readonly name: string;
  /** The heading of the column in which the others are compared with it. */
  readonly peer?: string;
  run(load: Load): Promise<Round>;
  /** What has to be warm before it counts: connections, plans, compiled code. */
  warmUp?(load: Load): Promise<unknown>;
}

/** One turn: what was done, and the CPU time that all who took part had for it. */
type Turn = Round & { readonly cpuMs: number };

const WARM_UP_MS = 250;

export interface Contest {
  readonly title: string;
  readonly contestants: readonly Contestant[];
}

export interface Rules {
  readonly atOnce: readonly number[];
  readonly rounds: number;
  readonly forMs: number;
}

/**
 * Measures all of them in turns, in short rounds, so that whatever else the machine does strikes all alike; answers a
 * table.
 */
export async function hold({ title, contestants }: Contest, { atOnce, rounds, forMs }: Rules) {
  const peers = contestants.filter(({ peer }) => peer !== undefined);
  const ratios = peers.map(({ peer }) => `× ${peer}`);
  const head = [title, 'at once', 'per second', 'min–max', ...ratios, 'CPU µs', 'p50 ms', 'p99 ms'];
  const rows: string[][] = [];
  for (const workers of atOnce) {
    console.error(`  ${title}, ${workers} at once`);
    const results = await inTurns(contestants, { atOnce: workers, forMs }, rounds);
    for (const contestant of contestants) {
      const own = results.get(contestant)!;
      const rates = own.map(({ perSecond }) => perSecond);
      const latencies = own.flatMap(({ latenciesMs }) => latenciesMs);
      const ratios = peers.map((peer) => (peer === contestant ? '' : ratio(own, results.get(peer)!)));
      const times = [figure(cpuUsEach(own)), ms(quantile(latencies, 0.5)), ms(quantile(latencies, 0.99))];
      rows.push([contestant.name, String(workers), figure(median(rates)), spread(rates), ...ratios, ...times]);
    }
  }
  return { head, rows };
}

/** Each round begins with another one: nobody always comes after the same neighbour's mess. */
async function inTurns(contestants: readonly Contestant[], load: Load, rounds: number) {
  const results = new Map<Contestant, Turn[]>(contestants.map((contestant) => [contestant, []]));
  for (const contestant of contestants) await contestant.warmUp?.({ ...load, forMs: WARM_UP_MS });
  for (let round = 0; round < rounds; round++) {
    const from = round % contestants.length;
    for (const contestant of [...contestants.slice(from), ...contestants.slice(0, from)]) {
      const before = cpuMs(process.pid) ?? Number.NaN;
      const done = await contestant.run(load);
      results.get(contestant)!.push({ ...done, cpuMs: (cpuMs(process.pid) ?? Number.NaN) - before });
    }
  }
  return results;
}

/** Of one operation, in our process and in the servers that it has started: the machine's other work does not count. */
function cpuUsEach(turns: readonly Turn[]): number {
  const spentMs = turns.reduce((sum, turn) => sum + turn.cpuMs, 0);
  return (spentMs * 1_000) / turns.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
}

/** The median of the ratios of each round. */
const ratio = (own: readonly Round[], peer: readonly Round[]): string =>
  median(own.map(({ perSecond }, round) => perSecond / peer[round]!.perSecond)).toFixed(2);
