import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PublishedBefore, publishedBefore } from '../facts/published-before.ts';
import { brokenRoutes } from '../facts/published-routes.ts';
import { type PublishedSchema, publishedSchemas } from '../facts/published-schemas.ts';
import { breaks } from '../facts/shapes.ts';
import type { System } from '../model/system.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { NOTHING } from './rule.ts';

/** No breaking change of a published schema against its baseline. */
export const contracts: Rule = {
  id: 'contracts',
  title: 'Published schemas do not break',
  items: ['boundaries'],
  severity: 'error',
  why: 'Messages of the old form are still on their way, and consumers that are not released yet still expect it.',
  mend:
    'Publish the new form under a new version beside the old one, or add optional ' +
    'fields only; then write the baseline anew.',
  judge: ({ system }) => (system ? judge(system) : NOTHING),
};

/** What remembers what was published, unless `architecture.json` names another file, or a folder of AsyncAPI. */
export const CONTRACTS_BASELINE = 'contracts.baseline.json';

export const baselinePath = ({ root, architecture }: System): string =>
  join(root, architecture?.contractsBaseline ?? CONTRACTS_BASELINE);

/** What is published now, as the file that later versions are compared with. */
export function contractsBaseline(system: System): string {
  const entries = publishedSchemas(system)
    .map(({ name, shape }) => [name, shape] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

function judge(system: System): Judgement {
  const now = publishedSchemas(system);
  const path = baselinePath(system);
  const why = 'There is no baseline of published schemas: ashlar doctor --write-contracts writes one.';
  if (!existsSync(path)) {
    return { findings: [], judged: [], unknown: now.length === 0 ? [] : [{ subject: 'the contracts', why }] };
  }
  return {
    findings: [
      ...publishedBefore(path).flatMap((before) => changed(system, before, now)),
      ...brokenRoutes(system, path).map(({ subject, what, file, line }) => ({
        subject,
        what,
        evidence: [{ file, line, text: subject }],
      })),
    ],
    judged: ['the contracts'],
    unknown: [],
  };
}

function changed(
  system: System,
  { name, shape, file: path, ...travelled }: PublishedBefore,
  now: readonly PublishedSchema[],
): Draft[] {
  const found = now.find((one) => one.name === name);
  const file = path.slice(system.root.length + 1);
  if (!found) {
    const what = `${name} was published, and is gone`;
    return [{ subject: name, what, evidence: [{ file, line: lineIn(path, name), text: name }] }];
  }
  return [...breaks(shape, found.shape), ...movedFrom(travelled, found)].map((what) => ({
    subject: name,
    what: `${name} breaks: ${what}`,
    evidence: [{ file: found.file, line: found.line, text: name }],
  }));
}

/** Who listens where it was, hears nothing; and messages of one thing come in any order under another key. */
function movedFrom(
  { key, channels = [] }: Pick<PublishedBefore, 'key' | 'channels'>,
  now: Pick<PublishedSchema, 'name' | 'key' | 'channel'>,
): string[] {
  const address = `${now.name.split('.')[0]}.${now.channel}`;
  const isOfForm = channels.every((one) => /^[\w-]+\.[\w-]+$/.test(one));
  const isMoved = now.channel !== undefined && channels.length > 0 && isOfForm && !channels.includes(address);
  return [
    ...(key && now.key && key !== now.key ? [`it was in order by ${key}, and is by ${now.key}`] : []),
    ...(isMoved ? [`it was said on ${channels.join(' and ')}, and is on ${address}`] : []),
  ];
}

const lineIn = (path: string, name: string): number =>
  1 +
  readFileSync(path, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(`"${name}"`));
