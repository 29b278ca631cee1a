import dagre from '@dagrejs/dagre';
import type { MapEdge, MapNode, ServiceMap } from '../map.ts';
import { escaped } from './escaped.ts';

const NODE = { height: 36, perLetter: 8.2, padding: 28 };
const MARGIN = 12;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Box extends Point {
  readonly width: number;
}

/** The map as SVG; services that findings are about are marked. */
export function drawing({ nodes, edges }: ServiceMap, marked: ReadonlySet<string>): string {
  if (nodes.length === 0) return '<p>Nothing is known that could be drawn.</p>';
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 28, ranksep: 90, marginx: MARGIN, marginy: MARGIN });
  for (const { id } of nodes) graph.setNode(id, { width: widthOf(id), height: NODE.height });
  const known = new Set(nodes.map(({ id }) => id));
  const drawn = edges.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to);
  for (const { from, to, kind } of drawn) graph.setEdge(from, to, {}, kind);
  dagre.layout(graph);
  const corners = [
    ...nodes
      .map(({ id }) => graph.node(id) as unknown as Box)
      .map(({ x, y, width }) => ({ x: x + width / 2, y: y + NODE.height / 2 })),
    ...drawn.flatMap(({ from, to, kind }) => (graph.edge(from, to, kind) as { points: Point[] }).points),
  ];
  const width = Math.ceil(Math.max(...corners.map(({ x }) => x)) + MARGIN);
  const height = Math.ceil(Math.max(...corners.map(({ y }) => y)) + MARGIN);
  return [
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `role="img" aria-label="Service map">`,
    ...['calls', 'messages', 'stores'].map(arrowHead),
    ...drawn.map((edge) => edgeOf(edge, (graph.edge(edge.from, edge.to, edge.kind) as { points: Point[] }).points)),
    ...nodes.map((node) => nodeOf(node, graph.node(node.id) as unknown as Box, marked.has(node.id))),
    '</svg>',
  ].join('\n');
}

const widthOf = (id: string): number => labelOf(id).length * NODE.perLetter + NODE.padding;
const labelOf = (id: string): string => id.replace(/^db /, '');

const arrowHead = (kind: string): string =>
  `<marker id="${kind}" class="${kind}" viewBox="0 0 10 10" refX="9" refY="5" ` +
  `markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z"/></marker>`;

function edgeOf({ from, to, kind, count }: MapEdge, points: readonly Point[]): string {
  const path = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  const title = `${labelOf(from)} → ${labelOf(to)}: ${kind}, seen at ${count} ${count === 1 ? 'place' : 'places'}`;
  return `<path class="edge ${kind}" d="${path}" marker-end="url(#${kind})"><title>${escaped(title)}</title></path>`;
}

function nodeOf({ id, kind }: MapNode, { x, y, width }: Box, isMarked: boolean): string {
  const [left, top] = [x - width / 2, y - NODE.height / 2];
  const radius = kind === 'database' ? 18 : 6;
  return (
    `<g class="node ${kind}${isMarked ? ' marked' : ''}"><rect x="${left.toFixed(1)}" ` +
    `y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${NODE.height}" ` +
    `rx="${radius}"/><text x="${x.toFixed(1)}" y="${(y + 5).toFixed(1)}">${escaped(labelOf(id))}</text></g>`
  );
}
