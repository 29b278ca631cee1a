import { groupBy } from '../source/group-by.ts';

/** One service waits for another. */
export interface Waiting {
  readonly from: string;
  readonly to: string;
}

/** The shortest circle through each edge, each told once; who stands in none is in no answer. */
export function circlesOf<E extends Waiting>(edges: readonly E[]): E[][] {
  const distinct = [...new Map(edges.map((edge) => [`${edge.from}\0${edge.to}`, edge])).values()];
  const next = groupBy(distinct, ({ from }) => from);
  const found = new Map<string, E[]>();
  for (const edge of distinct) {
    if (edge.from === edge.to) continue;
    const back = shortest(next, edge.to, edge.from);
    if (!back) continue;
    const circle = [edge, ...back];
    const key = circle
      .map(({ from }) => from)
      .sort()
      .join('\0');
    if (!found.has(key)) found.set(key, circle);
  }
  return [...found.values()];
}

function shortest<E extends Waiting>(next: ReadonlyMap<string, readonly E[]>, from: string, to: string) {
  const ways = new Map<string, E[]>([[from, []]]);
  for (const [name, way] of ways) {
    if (name === to) return way;
    for (const edge of next.get(name) ?? []) if (!ways.has(edge.to)) ways.set(edge.to, [...way, edge]);
  }
  return undefined;
}
