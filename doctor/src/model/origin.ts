import type { Node } from 'oxc-parser';
import type { AnyClass, AnyFunction, ObjectLiteral } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

export interface FunctionAt {
  readonly file: ParsedFile;
  readonly node: AnyFunction;
}

export interface CallIn {
  readonly file: ParsedFile;
  readonly call: Extract<Node, { type: 'CallExpression' }>;
}

/** Where a value comes from, as far as the text tells. */
export type Origin =
  /** Of a library or of Node (`node:fs`): the module, and the way from it to the value. */
  | { readonly kind: 'external'; readonly module: string; readonly path: readonly string[] }
  /** Of the language or the platform: `fetch`, `process.env`. */
  | { readonly kind: 'global'; readonly path: readonly string[] }
  | { readonly kind: 'functions'; readonly all: readonly FunctionAt[] }
  | { readonly kind: 'instance' | 'class'; readonly file: ParsedFile; readonly node: AnyClass }
  | { readonly kind: 'interface'; readonly file: ParsedFile; readonly node: Node }
  | { readonly kind: 'object'; readonly file: ParsedFile; readonly node: ObjectLiteral }
  | { readonly kind: 'namespace'; readonly file: ParsedFile }
  | { readonly kind: 'unknown' };

export const UNKNOWN: Origin = { kind: 'unknown' };

export const functions = (file: ParsedFile, node: AnyFunction): Origin => ({
  kind: 'functions',
  all: [{ file, node }],
});

/** Whether two values are of one kind: of one library, or made in one place. */
export function sameOrigin(one: Origin, other: Origin): boolean {
  if (one.kind === 'external' && other.kind === 'external') return one.module === other.module;
  if (one.kind === 'functions' && other.kind === 'functions')
    return one.all.every(({ node }) => other.all.some((at) => at.node === node));
  return 'node' in one && 'node' in other && one.node === other.node;
}
