import { readHistory } from './history/change-coupling.ts';
import { readGrants } from './live/grants.ts';
import { type LiveOptions, readRunningSystem } from './live/running-system.ts';
import {
  type Accepted,
  type ArchitectureFile,
  refuse,
  THRESHOLDS,
  type Thresholds,
} from './model/architecture-file.ts';
import { missingParts } from './model/declared-parts.ts';
import type { OnRead } from './model/files.ts';
import { foldersOf } from './model/layout.ts';
import { readSystem } from './model/system.ts';
import type { Model } from './model.ts';
import { RULES } from './rules/index.ts';
import { type OnProgress, readTraces, spansIn } from './traces/read-traces.ts';
import { TraceReading } from './traces/trace-facts.ts';

/** What is to be looked at; everything but the repository only where it is named. */
export interface Examination {
  /** The repository; without it traces alone are judged. */
  readonly path?: string | undefined;
  /** A file of traces, or several: OTLP, Jaeger or Zipkin JSON, also compressed by gzip. */
  readonly traces?: string | readonly string[] | undefined;
  /** A running Ashlar. */
  readonly live?: LiveOptions | undefined;
  /** An administrator's address of the PostgreSQL server that the services use. */
  readonly databaseUrl?: string | undefined;
  /** Whether the history of the repository is read as well. */
  readonly history?: boolean;
  readonly thresholds?: Partial<Thresholds>;
  /** How far the file of traces is read, in bytes. */
  readonly onProgress?: OnProgress;
  /** How many files of the repository are read. */
  readonly onRead?: OnRead;
}

/** Reads all that is named, and makes it the one model that the rules judge. */
export async function examine(examination: Examination): Promise<Model> {
  const { path, live, databaseUrl, history = true, thresholds: given = {} } = examination;
  const system = path === undefined ? undefined : readSystem(path, given, { onRead: examination.onRead });
  if (system?.architecture) refuse(faultsOf(system.architecture, system.paths));
  const thresholds = system?.thresholds ?? { ...THRESHOLDS, ...given };
  const running = live && (await readRunningSystem(live));
  const named = examination.traces ?? [];
  const files = typeof named === 'string' ? [named] : named;
  const file = files.length > 0 ? await readTraces(files, examination.onProgress) : undefined;
  const spans = file?.spans ?? (running && spansIn(running.traces));
  const traces = spans && spans.size > 0 ? new TraceReading(spans, thresholds).read() : undefined;
  return {
    system,
    thresholds,
    running,
    traces: traces && { ...traces, isCut: file?.isCut === true },
    history: history && system ? await readHistory(system) : undefined,
    grants: databaseUrl === undefined ? undefined : await readGrants(databaseUrl),
  };
}

const faultsOf = (file: ArchitectureFile, paths: readonly string[]): string[] => [
  ...missingParts(file, foldersOf(paths)),
  ...strangeRules(file.accepted ?? []),
];

/** What is accepted by the name of no rule would be told for ever, or nobody would know what it was for. */
const strangeRules = (accepted: readonly Accepted[]): string[] =>
  accepted.flatMap(({ rule }, at) =>
    RULES.some(({ id }) => id === rule)
      ? []
      : [`accepted[${at}]: there is no rule ${rule}; there is ${RULES.map(({ id }) => id).join(', ')}`],
  );
