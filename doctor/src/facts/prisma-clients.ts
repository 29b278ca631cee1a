import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Part } from '../model/layout.ts';
import { perSystem, type ResolvedImport, type System } from '../model/system.ts';

/** A client that Prisma makes of the schema of another service, where one uses it. */
export interface ForeignClient {
  readonly part: Part;
  readonly owner: Part;
  readonly used: ResolvedImport;
}

interface Made {
  readonly owner: Part;
  readonly place: string;
}

/** All of them, where each schema says in which place of its own its client is made. */
export const foreignClients = perSystem((system: System): readonly ForeignClient[] => {
  const made = clientsOf(system);
  return system.imports.flatMap((used) => {
    const part = system.partOf(used.file.path);
    if (part?.kind !== 'service' || used.typeOnly) return [];
    const { specifier } = used;
    const near = posix.normalize(posix.join(posix.dirname(used.file.path), specifier));
    const at = specifier.startsWith('.') ? near : `node_modules/${specifier}`;
    const owners = made.filter(({ place }) => at === place || at.startsWith(`${place}/`));
    const [first] = owners;
    return first && owners.every(({ owner }) => owner !== part) ? [{ part, owner: first.owner, used }] : [];
  });
});

const clientsOf = (system: System): readonly Made[] =>
  system.paths
    .filter((path) => path.endsWith('.prisma'))
    .flatMap((path) => {
      const owner = system.partOf(path);
      const output = OUTPUT.exec(readFileSync(join(system.root, path), 'utf8'))?.[1];
      if (owner?.kind !== 'service' || output === undefined) return [];
      return [{ owner, place: posix.normalize(posix.join(posix.dirname(path), output)).replace(/\/$/, '') }];
    });

const OUTPUT = /^\s*generator\s[^}]*?^\s*output\s*=\s*"(\.[^"]*)"/m;
