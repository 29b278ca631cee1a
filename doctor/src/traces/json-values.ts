import type { SpanKind } from './span.ts';

export type Json = Readonly<Record<string, unknown>>;

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

export const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

export const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

const OTLP_KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

/** Also by the numbers that OTLP has for them. */
export function kindOf(value: unknown): SpanKind {
  const name = text(value).replace('SPAN_KIND_', '').toLowerCase();
  const told = (['server', 'client', 'producer', 'consumer'] as const).find((kind) => kind === name);
  return told ?? (/^\d$/.test(name) ? OTLP_KINDS[Number(name)] : undefined) ?? 'internal';
}
