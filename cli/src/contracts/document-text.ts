import { type Json, type JsonObject, sorted } from '@ashlar/published-language';

const COLUMNS = 120;

/** A document for people who review its changes: names in order, and on one line what fits on one. */
export const documentText = (document: JsonObject): string => `${text(sorted(document), '')}\n`;

function text(value: Json | undefined, indent: string): string {
  const short = oneLine(value);
  if (indent.length + short.length <= COLUMNS || typeof value !== 'object' || value === null) return short;
  const inner = `${indent} `;
  if (Array.isArray(value)) return `[\n${value.map((part) => inner + text(part, inner)).join(',\n')}\n${indent}]`;
  const lines = Object.entries(value).map(([name, part]) => `${inner}${JSON.stringify(name)}: ${text(part, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function oneLine(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${oneLine(part)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
