import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jsonIn } from './manifests.ts';

/** Which layers a layer may import, and which libraries; a layer may always import itself. */
export interface LayerRule {
  /** The folder of a service in which the layer lies; its own name when not told. */
  readonly folder?: string;
  readonly imports: readonly string[];
  /** Packages that it may import besides; `*` for all, `node` for the modules of Node. */
  readonly libraries?: readonly string[];
  /** Packages of which it may import types only. */
  readonly types?: readonly string[];
}

/** A finding that the team lives with, and why. */
export interface Accepted {
  readonly rule: string;
  /** A file, or a folder with all that is below it. */
  readonly path: string;
  readonly reason: string;
}

/** From where on a number is a finding. */
export interface Thresholds {
  /** Calls of one pair of services within one request, on average over the requests that make any. */
  readonly callsPerRequest: number;
  /** The same operation under one parent. */
  readonly repeatedOperation: number;
  /** Services behind each other that wait for each other. */
  readonly synchronousDepth: number;
  /** Failing calls after which a breaker should have opened. */
  readonly failuresBeforeBreak: number;
  /** Commits that touch two services, of those that touch either. */
  readonly coupledShare: number;
  readonly coupledCommits: number;
  /** Requests that fail of those in which one other service fails. */
  readonly availabilityShare: number;
}

export const THRESHOLDS: Thresholds = {
  callsPerRequest: 5,
  repeatedOperation: 5,
  synchronousDepth: 2,
  failuresBeforeBreak: 10,
  coupledShare: 0.5,
  coupledCommits: 10,
  availabilityShare: 0.9,
};

/** `architecture.json`: what no tool can know of a repository. Folders may end in `*`: each folder there. */
export interface ArchitectureFile {
  /** Folders of services; their names are those of the folders. */
  readonly services?: readonly string[];
  readonly gateway?: string;
  /** What services may know of each other. */
  readonly contracts?: readonly string[];
  readonly libraries?: readonly string[];
  /** Not judged: tests, tools, what stands for the outside world. */
  readonly outside?: readonly string[];
  readonly layers?: Readonly<Record<string, LayerRule>>;
  /** Message types that are for, or come from, systems outside of this repository. */
  readonly externalMessages?: readonly string[];
  readonly contractsBaseline?: string;
  readonly thresholds?: Partial<Thresholds>;
  readonly accepted?: readonly Accepted[];
}

/** The file cannot be used; every fault is told at once. */
export class ArchitectureFileError extends Error {
  override readonly name = 'ArchitectureFileError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

export const ARCHITECTURE_FILE = 'architecture.json';

export function readArchitectureFile(root: string): ArchitectureFile | undefined {
  const path = join(root, ARCHITECTURE_FILE);
  if (!existsSync(path)) return undefined;
  let value: unknown;
  try {
    value = jsonIn(path);
  } catch (error) {
    throw new ArchitectureFileError([`${ARCHITECTURE_FILE} is no JSON: ${(error as Error).message}`]);
  }
  const faults = isRecord(value) ? faultsIn(value) : ['it must be an object'];
  refuse(faults);
  return value as ArchitectureFile;
}

/** What is wrong in the file ends the run: what it does not name well would pass unseen. */
export function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new ArchitectureFileError(faults.map((fault) => `${ARCHITECTURE_FILE}: ${fault}`));
}

const LISTS: ReadonlySet<string> = new Set(['services', 'contracts', 'libraries', 'outside', 'externalMessages']);
const TEXTS: ReadonlySet<string> = new Set(['$schema', 'gateway', 'contractsBaseline']);

function faultsIn(file: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(file).flatMap(([key, value]) => {
    if (LISTS.has(key)) return isTexts(value) ? [] : [`${key} must be a list of texts`];
    if (TEXTS.has(key)) return typeof value === 'string' ? [] : [`${key} must be a text`];
    if (key === 'layers' || key === 'thresholds') {
      if (!isRecord(value)) return [`${key} must be an object`];
      const fault = key === 'layers' ? faultsInLayer(Object.keys(value)) : faultsInThreshold;
      return Object.entries(value).flatMap(fault);
    }
    if (key === 'accepted') return Array.isArray(value) ? value.flatMap(faultsInAccepted) : ['accepted must be a list'];
    return [`${key} is not known`];
  });
}

const faultsInLayer =
  (layers: readonly string[]) =>
  ([name, rule]: readonly [string, unknown]): string[] => {
    if (!isRecord(rule) || !isTexts(rule['imports'])) return [`layers.${name}.imports must be a list of texts`];
    const strange = rule['imports'].filter((one) => !layers.includes(one));
    return [
      ...strange.map((one) => `layers.${name}.imports: there is no layer ${one}`),
      ...['libraries', 'types'].flatMap((key) =>
        rule[key] === undefined || isTexts(rule[key]) ? [] : [`layers.${name}.${key} must be a list of texts`],
      ),
    ];
  };

function faultsInThreshold([name, value]: readonly [string, unknown]): string[] {
  if (!(name in THRESHOLDS)) return [`thresholds.${name} is not known`];
  return typeof value === 'number' && value >= 0 ? [] : [`thresholds.${name} must be a number`];
}

function faultsInAccepted(entry: unknown, at: number): string[] {
  const isWhole = isRecord(entry) && ['rule', 'path', 'reason'].every((key) => typeof entry[key] === 'string');
  return isWhole ? [] : [`accepted[${at}] needs rule, path and reason`];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');
