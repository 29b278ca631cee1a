import { readFileSync } from 'node:fs';

/** The settings in a file of lines `NAME=value`; nothing if there is no such file. */
export function readEnvFile(path: string): Record<string, string> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  const rows = [...content.matchAll(/^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=\s*(.*)$/gm)];
  return Object.fromEntries(rows.map(([, key, value]) => [key!, value!.trim().replace(/^(['"])(.*)\1$/, '$2')]));
}
