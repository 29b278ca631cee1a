import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RecordedVersion, recordOf } from '@ashlar/saga';
import { root } from '../test-run.ts';
import type { FoundSaga } from './sagas.ts';

export const SAGA_VERSIONS = 'docs/sagas/versions.json';

/** The versions that sagas may have begun with. */
export const sagaVersions = (): readonly RecordedVersion[] =>
  existsSync(join(root, SAGA_VERSIONS))
    ? (JSON.parse(readFileSync(join(root, SAGA_VERSIONS), 'utf8')) as RecordedVersion[])
    : [];

/** The record with what is new; what was recorded stays as it was, until somebody takes it out by hand. */
export function recordedVersions(sagas: readonly FoundSaga[]): string {
  const recorded = sagaVersions();
  const isNew = ({ name, style, version }: RecordedVersion) =>
    !recorded.some((one) => one.name === name && one.style === style && one.version === version);
  const added = sagas.map(({ definition }) => recordOf(definition)).filter(isNew);
  return `${JSON.stringify([...recorded, ...added], null, 2)}\n`;
}
