import type { Node } from 'oxc-parser';
import { sqlOf } from '../facts/effects.ts';
import type { LayerRule } from '../model/architecture-file.ts';
import { isTest } from '../model/files.ts';
import { callsIn } from '../model/program.ts';
import { packageOf } from '../model/resolver.ts';
import type { ResolvedImport, System } from '../model/system.ts';
import { pathOf } from '../source/ast.ts';
import { hasPlainLayers, plainlyOutward } from './plain-layers.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { NOTHING } from './rule.ts';

/** Inner layers import nothing of the outer ones, and the domain imports no library and no module of Node. */
export const layers: Rule = {
  id: 'layers',
  title: 'Imports point inwards',
  items: ['boundaries'],
  severity: 'error',
  why: 'A domain that knows its database or framework changes, and is tested, only together with it.',
  mend: 'Let the inner layer declare an interface, implement it in the outer one, and hand it in where all is wired.',
  judge: ({ system }) => (system ? judge(system) : NOTHING),
};

/** The layers that many repositories have, by the names that their folders bear. */
const USUAL: Readonly<Record<string, RegExp>> = {
  domain: /^(domain|domains|entities)$/,
  application: /^(application|use-?cases?|usecases|ports?)$/,
  infrastructure: /^(infrastructure|infra|persistence|data-access|adapters?|adapters?-out)$/,
  interface: /^(interface|interfaces|presentation|controllers|http|rest|api|web|adapters?-in)$/,
  platform: /^(platform|main|bootstrap|composition)$/,
};

const USUAL_RULES: Readonly<Record<string, LayerRule>> = {
  domain: { imports: [], libraries: [] },
  application: { imports: ['domain'] },
  interface: { imports: ['application', 'domain'] },
  infrastructure: { imports: ['application', 'domain'] },
  platform: { imports: ['interface', 'infrastructure', 'application', 'domain'] },
};

/** Libraries of pure values and functions: a domain that imports them may have its reasons. */
const PURE = new RegExp(
  String.raw`^(uuid|nanoid|ulid|ulidx|decimal\.js|big\.js|bignumber\.js|dinero\.js|@dinero\.js/.+|` +
    'date-fns|dayjs|luxon|neverthrow|ts-pattern|immer|fp-ts|effect|remeda|ramda|lodash(-es)?|' +
    String.raw`zod|purify-ts|oxide\.ts|tslib|typescript)$`,
);

interface Judged {
  readonly system: System;
  readonly rules: Readonly<Record<string, LayerRule>>;
  readonly isGuessed: boolean;
  layerOf(path: string): string | undefined;
}

function judge(system: System): Judgement {
  const declared = system.architecture?.layers;
  const judged: Judged = {
    system,
    rules: declared ?? USUAL_RULES,
    isGuessed: declared === undefined,
    layerOf: declared ? declaredLayers(system, declared) : usualLayers(system),
  };
  const imports = declared ? [...system.imports, ...system.testImports()] : system.imports;
  const withLayers = system.services.filter((part) =>
    declared
      ? system.filesOf(part).some(({ path }) => judged.layerOf(path))
      : system.filesOf(part).some(({ path }) => judged.layerOf(path) === 'domain') || hasPlainLayers(system, part),
  );
  const without = system.services.filter((part) => !withLayers.includes(part));
  return {
    findings: imports.flatMap((one) => brokenBy(judged, one)),
    judged: withLayers.map(({ name }) => name),
    unknown: without.map(({ name }) => ({ subject: name, why: 'It has no layers that are known by their folders.' })),
  };
}

function brokenBy(judged: Judged, found: ResolvedImport): Draft[] {
  const { system } = judged;
  const part = system.partOf(found.file.path);
  const layer = part?.kind === 'service' ? judged.layerOf(found.file.path) : undefined;
  const rule = layer === undefined ? undefined : judged.rules[layer];
  const what =
    part && layer !== undefined && rule
      ? (outward(judged, found, { layer, rule, folder: part.folder }) ?? foreign(judged, found, { layer, rule }))
      : undefined;
  const plainly = judged.isGuessed && what === undefined ? plainlyOutward(system, found) : undefined;
  if (!part || (what ?? plainly) === undefined) return [];
  const at = { file: found.file.path, line: found.line, text: `import "${found.specifier}"` };
  const mayHaveReasons = judged.isGuessed && found.target.kind !== 'own' && PURE.test(packageOf(found.specifier));
  return [
    { subject: part.name, what: (what ?? plainly)!, evidence: [at], ...(mayHaveReasons && { severity: 'warning' }) },
  ];
}

interface Importer {
  readonly layer: string;
  readonly rule: LayerRule;
  readonly folder?: string;
}

function outward(
  judged: Judged,
  { target, typeOnly }: ResolvedImport,
  { layer, rule, folder }: Importer,
): string | undefined {
  if (target.kind !== 'own' || judged.system.partOf(target.path)?.folder !== folder) return undefined;
  const to = judged.layerOf(target.path);
  if (to === undefined && layer === 'domain' && judged.isGuessed)
    return typeOnly ? undefined : driven(judged, target.path);
  if (to === undefined || to === layer || rule.imports.includes(to)) return undefined;
  return `${layer} imports ${to}`;
}

/** What asks databases, brokers and other services, or answers requests. */
const DRIVERS = new RegExp(
  '^(pg|mysql2?|mongoose|mongodb|sequelize|typeorm|knex|kysely|ioredis|redis|amqplib|kafkajs|nats|bullmq|' +
    'axios|got|undici|express|fastify|koa)(/|$)',
);

/** Statements, and no sentences that begin like one. */
const WORDS_OF_SQL = new RegExp(
  String.raw`^\s*(select\s[\s\S]+\sfrom\s|insert\s+into\s+\S+\s*(\(|select\b|values\b)|update\s+\S+\s+set\s|` +
    String.raw`delete\s+from\s+\S+\s*(where\b|;|$)|with\s+\w+\s+as\s*\()`,
  'i',
);
const ASKS = /^(query|execute|exec|raw|run|all|any|one|many|none|unsafe|prepare|sql|\$(query|execute)Raw\w*)$/;

/** A domain that imports what its own service keeps of a driver depends on that as well. */
function driven({ system }: Judged, path: string): string | undefined {
  const file = system.program.fileAt(path);
  const driver = file?.imports.find(({ specifier, typeOnly }) => !typeOnly && DRIVERS.test(specifier));
  if (driver) return `domain imports what leads to the library ${packageOf(driver.specifier)}`;
  const asks =
    file &&
    callsIn(file).some(
      (call) => ASKS.test(pathOf(call.callee as Node).at(-1)!) && WORDS_OF_SQL.test(sqlOf(system, { file, call })),
    );
  return asks ? 'domain imports what asks the database' : undefined;
}

/** A library, a module of Node, or another package of the repository that the layer may not import. */
function foreign(judged: Judged, found: ResolvedImport, { layer, rule }: Importer): string | undefined {
  const { target, file, typeOnly, specifier } = found;
  const allowed = rule.libraries;
  if (!allowed || allowed.includes('*') || isTest(file.path) || target.kind === 'missing') return undefined;
  const name = target.kind === 'node' ? 'node' : packageOf(specifier);
  const owner = target.kind === 'own' ? judged.system.partOf(target.path) : undefined;
  if (target.kind === 'own' && (owner === judged.system.partOf(file.path) || specifier.startsWith('.')))
    return undefined;
  if (allowed.includes(name) || (typeOnly && rule.types?.includes(name))) return undefined;
  if (judged.isGuessed && owner && owner.kind !== 'service') return undefined;
  if (owner?.kind === 'service' || owner?.kind === 'gateway') return undefined;
  return `${layer} imports ${target.kind === 'node' ? `a module of Node (${target.module})` : `the library ${name}`}`;
}

function declaredLayers(system: System, rules: Readonly<Record<string, LayerRule>>) {
  const byFolder = new Map(Object.entries(rules).map(([name, { folder = name }]) => [folder, name]));
  return (path: string): string | undefined => {
    const part = system.partOf(path);
    if (!part) return undefined;
    const inside = path.slice(part.folder.length + 1).replace(/^src\//, '');
    for (const [folder, name] of byFolder) if (inside.startsWith(`${folder}/`)) return name;
    return undefined;
  };
}

/** The first folder that bears the name of a layer, where the service has a domain at all. */
function usualLayers(system: System) {
  const layered = new Set(
    system.services
      .filter((part) =>
        system.filesOf(part).some(({ path }) => /(^|\/)(domain|domains)\//.test(path.slice(part.folder.length))),
      )
      .map(({ folder }) => folder),
  );
  return (path: string): string | undefined => {
    const part = system.partOf(path);
    if (!part || !layered.has(part.folder)) return undefined;
    const folders = path.slice(part.folder.length).split('/').slice(0, -1);
    for (const folder of folders) {
      const layer = Object.keys(USUAL).find((name) => USUAL[name]!.test(folder));
      if (layer !== undefined) return layer;
    }
    // What is within a hexagon, and not its domain, is what is done with that.
    return folders.some((folder) => /^(core|hexagon)$/.test(folder)) ? 'application' : undefined;
  };
}
