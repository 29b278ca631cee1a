import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { isTree, type Tree, text, treeAt } from './yaml-tree.ts';

/** A chart of Helm: its name, and what its templates are filled with when nothing else is said. */
export interface Chart {
  readonly name: string;
  readonly values: Tree;
}

const TEMPLATE = /^(.*?)\/?templates\/.+\.ya?ml$/;

/** The chart of a template; undefined where a file is none. */
export function chartOf(root: string, file: string): Chart | undefined {
  const folder = TEMPLATE.exec(file)?.[1];
  if (folder === undefined || !['Chart.yaml', 'values.yaml'].some((name) => existsSync(join(root, folder, name)))) {
    return undefined;
  }
  const name = text(read(join(root, folder, 'Chart.yaml'))['name']);
  return { name: name || basename(folder), values: read(join(root, folder, 'values.yaml')) };
}

function read(path: string): Tree {
  try {
    const value: unknown = parse(readFileSync(path, 'utf8'));
    return isTree(value) ? value : {};
  } catch {
    return {};
  }
}

interface Block {
  readonly isShown: boolean;
  readonly dot: unknown;
}

const CONTROL = /^\s*\{\{-?\s*(if|with|range|else|end|define|block|\/\*)(?!\w)([^}]*?)-?\}\}\s*$/;

/**
 * A template as it comes out with the values of its chart, line for line: conditions on values are asked, what is only
 * known when it is installed is left open, and what is repeated is left out.
 */
export function rendered(template: string, chart: Chart): string {
  const blocks: Block[] = [{ isShown: true, dot: undefined }];
  const lines = template.split('\n').map((line) => {
    const [, word, rest = ''] = CONTROL.exec(line) ?? [];
    const top = blocks.at(-1)!;
    if (word === undefined) return top.isShown ? filled(line, chart, top.dot) : '';
    if (word === 'end') blocks.pop();
    else if (word === 'else') {
      const above = blocks.at(-2)?.isShown ?? true;
      blocks.splice(-1, 1, { ...top, isShown: above && !top.isShown });
    } else if (word !== '/*') blocks.push(opened(word, { rest, chart, top }));
    if (blocks.length === 0) blocks.push({ isShown: true, dot: undefined });
    return '';
  });
  return lines.join('\n');
}

function opened(word: string, { rest, chart, top }: { rest: string; chart: Chart; top: Block }): Block {
  if (word === 'range' || word === 'define') return { isShown: false, dot: undefined };
  const path = /^\s*(not\s+)?\.Values\.([\w.]+)\s*$/.exec(rest);
  const value = path ? valueAt(chart, path[2]!) : true;
  const holds = isSet(value) !== (path?.[1] !== undefined);
  return { isShown: top.isShown && holds, dot: word === 'with' ? value : top.dot };
}

const isSet = (value: unknown): boolean =>
  Boolean(value) && (!isTree(value) || Object.keys(value).length > 0) && (!Array.isArray(value) || value.length > 0);

function valueAt({ values }: Chart, path: string): unknown {
  const keys = path.split('.');
  return treeAt(values, keys.slice(0, -1))[keys.at(-1)!];
}

const filled = (line: string, chart: Chart, dot: unknown): string =>
  line.replaceAll(/\{\{-?\s*(.*?)\s*-?\}\}/g, (_, expression: string) => filling(expression, chart, dot));

function filling(expression: string, chart: Chart, dot: unknown): string {
  if (/\.Release\.Name|^\.Chart\.AppVersion/.test(expression)) return expression.includes('Release') ? chart.name : '0';
  if (/\.Chart\.Name|fullname|\.name"/.test(expression)) return chart.name;
  const path = /\.Values\.([\w.]+)/.exec(expression)?.[1];
  const value = path ? valueAt(chart, path) : /(^|\s)\.(\s|$)/.test(expression) ? dot : undefined;
  const otherwise = /default\s+"?([^"\s|]+)/.exec(expression)?.[1];
  if (/toYaml|include/.test(expression)) return value === undefined ? '{}' : JSON.stringify(value);
  if (value === undefined || value === null) return otherwise ?? 'x';
  return isTree(value) || Array.isArray(value) ? JSON.stringify(value) : text(value);
}

/** What a chart tells its containers by settings that a template only repeats: `env`, `config` and the like. */
export function settingsOf({ values }: Chart): Record<string, string> {
  const flat = (tree: Tree): [string, string][] =>
    Object.entries(tree).flatMap(([key, value]): [string, string][] => {
      if (isTree(value)) return flat(value);
      return /^[A-Z][A-Z0-9_]+$/.test(key) && !Array.isArray(value) ? [[key, text(value)]] : [];
    });
  const listed = [values['env'], values['extraEnv']].flatMap((list) =>
    Array.isArray(list) ? list.filter(isTree) : [],
  );
  return Object.fromEntries([
    ...flat(values),
    ...listed.map((one) => [text(one['name']), text(one['value'])] as const),
  ]);
}
