import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalized, type Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { type DatabaseSetting, databaseSettings } from './databases.ts';

/** The address of a database that bears the name of another service, beside the own one. */
export interface NamedAsOther {
  readonly setting: DatabaseSetting;
  readonly owner: Part;
}

/** Also on another host, as a replica of it. */
export function namedAsOthers(system: System): NamedAsOther[] {
  const settings = databaseSettings(system);
  const isOf = (part: Part, { database }: DatabaseSetting): boolean => part.aliases.includes(normalized(database));
  return settings.flatMap((setting) => {
    const { part, engine, database } = setting;
    const known = settings.filter((one) => one.engine === engine && one.database === database);
    const owner = system.services.find((one) => one !== part && isOf(one, setting));
    const ofOwner = known.filter((one) => one.part === owner);
    const isTold = ofOwner.some((one) => one.host === setting.host);
    const hasOwn = settings.some((one) => one.part === part && one.database !== database);
    if (!owner || ofOwner.length === 0 || isTold || !hasOwn || isOf(part, setting)) return [];
    return [{ setting, owner }];
  });
}

/** A right on a whole database that is given to everybody. */
export interface OpenDatabase {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const SCRIPTS = /\.(sql|sh)$/;
const TO_ALL = /\bgrant\s+[\w\s,]*?\bon\s+database\s+\S+\s+to\s+public\b/i;

/** What makes databases, and lets every role into them. */
export const openDatabases = (system: System): OpenDatabase[] =>
  system.paths
    .filter((path) => SCRIPTS.test(path))
    .flatMap((file) =>
      readFileSync(join(system.root, file), 'utf8')
        .split('\n')
        .flatMap((text, at) => (TO_ALL.test(text) ? [{ file, line: at + 1, text: text.trim() }] : [])),
    );
