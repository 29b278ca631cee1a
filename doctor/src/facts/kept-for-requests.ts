import type { Node } from 'oxc-parser';
import { ancestorsOf, contains, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isCollection } from './kept-state.ts';

/** Where a variable is used. */
export interface Use {
  readonly file: ParsedFile;
  readonly node: Node;
}

const LOCKS = /lock|busy|running|in_?progress|processing/i;

/** A set by which a process says who is busy. */
export const isLock = (init: Node | null, name: string): boolean =>
  LOCKS.test(name) && init?.type === 'NewExpression' && nameOf(init.callee as Node) === 'Set';

/** Whether a name that is of the process may all the same stand for what requests have left. */
export const mayLock = (init: Node | null, name: string): boolean =>
  (LOCKS.test(name) || /pending|waiting/i.test(name)) && isCollection(init);

/** Who finds its key there is turned away, or what a request brings is put there: other replicas know nothing of it. */
export function asksWhether({ file, node }: Use, isSetOfBusy: boolean): boolean {
  const member = file.parentOf(node);
  if (member?.type !== 'MemberExpression' || member.object !== node) return false;
  const method = nameOf(member.property as Node) ?? '';
  if (method === 'has' && isSetOfBusy) return true;
  const call = file.parentOf(member);
  if (method === 'push' && call?.type === 'CallExpression') return OF_REQUEST.test(file.textOf(call));
  const gate = ancestorsOf(file, member).find(({ type }) => type === 'IfStatement' || type === 'BlockStatement');
  const isAsked = gate?.type === 'IfStatement' && contains(gate.test, member) && (method === 'has' || member.computed);
  // Who is handed what is there already, waits for it together with the first one.
  const answer = isAsked ? file.textOf(gate.consequent as Node) : '';
  return /\b4\d\d\b|\bthrow\b|\breturn;/.test(answer) && !answer.includes((node as { name?: string }).name ?? '');
}

const OF_REQUEST = /\b\w+\.(req\.)?(header|param|query|body)s?\b/;
