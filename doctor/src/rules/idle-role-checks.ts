import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

const ROLE = /\b(roles?|scopes?|permissions?)\b/i;
const REFUSING = /!==?|!\s*\w+[\w.?]*\.(includes|has|some|every)\(|!\s*\w*(has|is|may|can)\w*\(/;
const LOGS = /^(log|info|warn|error|debug|trace)$/;

/** Gateways that see that somebody lacks a role, and only write it down. */
export const idleRoleChecks = (system: System): Draft[] =>
  system.gateways.flatMap((part) => system.filesOf(part).flatMap((file) => idleIn(part, file)));

const idleIn = (part: Part, file: ParsedFile): Draft[] =>
  file.all('IfStatement').flatMap((node) => {
    const test = file.textOf(node.test as Node);
    if (OF_SETTINGS.test(test) || isDecidedLater(file, node)) return [];
    if (node.alternate || !ROLE.test(test) || !REFUSING.test(test) || !onlyLogs(node.consequent as Node)) return [];
    const line = file.lineAt(node.start);
    const what = `${part.name} sees that somebody lacks a role, and lets them in: it only writes that down`;
    return [{ subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] }];
  });

/** The role of a process is no role of somebody. */
const OF_SETTINGS = /\b(process|env|config|settings|options)\b/;
const DECIDES = /\bthrow\b|\b40[13]\b|forbid|unauthori|\breturn\b[^;]*\b(false|roles?|scopes?|permissions?)\b/i;

/** What stands after it refuses: that it is written down as well is right. */
function isDecidedLater(file: ParsedFile, node: Node): boolean {
  const around = file.parentOf(node);
  const body = around?.type === 'BlockStatement' ? (around.body as readonly Node[]) : [];
  return body.some((one) => one.start > node.start && DECIDES.test(file.textOf(one)));
}

function onlyLogs(given: Node): boolean {
  const body = given.type === 'BlockStatement' ? (given.body as readonly Node[]) : [given];
  return (
    body.length > 0 &&
    body.every(
      (one) =>
        one.type === 'ExpressionStatement' &&
        one.expression.type === 'CallExpression' &&
        LOGS.test(pathOf(one.expression.callee).at(-1)!),
    )
  );
}
