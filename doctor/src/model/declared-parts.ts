import type { ArchitectureFile } from './architecture-file.ts';
import type { PartKind } from './layout.ts';

/** The folders that the file names, and as what. */
export function declaredParts(file: ArchitectureFile, folders: readonly string[]): [string, PartKind][] {
  const expand = (patterns: readonly string[], kind: PartKind): [string, PartKind][] =>
    patterns.flatMap((pattern) => matching(pattern, folders).map((folder): [string, PartKind] => [folder, kind]));
  return [
    ...expand(file.services ?? [], 'service'),
    ...expand(file.gateway === undefined ? [] : [file.gateway], 'gateway'),
    ...expand(file.contracts ?? [], 'contracts'),
    ...expand(file.libraries ?? [], 'library'),
    ...expand(file.outside ?? [], 'outside'),
  ];
}

/** A service that the file names by mistake would not be judged, and nobody would know. */
export function missingParts(file: ArchitectureFile, folders: readonly string[]): string[] {
  const { services = [], gateway, contracts = [] } = file;
  const missing = (pattern: string): boolean => matching(pattern, folders).length === 0;
  return [
    ...(services.length + contracts.length === 0 && gateway === undefined ? ['it names no service'] : []),
    ...services.filter(missing).map((pattern) => `services: no source lies at ${pattern}`),
    ...(gateway !== undefined && missing(gateway) ? [`gateway: no source lies at ${gateway}`] : []),
  ];
}

function matching(pattern: string, folders: readonly string[]): string[] {
  const clean = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  if (!clean.includes('*')) return folders.includes(clean) ? [clean] : [];
  const escaped = clean.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  const form = new RegExp(`^${escaped.replaceAll(/\*\*?/g, (star) => (star === '*' ? '[^/]+' : '.+'))}$`);
  return folders.filter((folder) => form.test(folder));
}
