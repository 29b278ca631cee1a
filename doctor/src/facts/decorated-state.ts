import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { functionsAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { grows, isCollection, OF_THE_PROCESS, type ProcessState } from './kept-state.ts';

/** What hangs on a server of Fastify and grows with its requests: `app.decorate('revoked', new Set())`. */
export const decoratedState = (system: System, file: ParsedFile): ProcessState[] =>
  file.all('CallExpression').flatMap((call) => {
    const [given, value] = call.arguments as readonly Node[];
    const name = given?.type === 'Literal' ? nameOf(given) : undefined;
    const isKept = name !== undefined && !OF_THE_PROCESS.test(name) && !!value && isCollection(value);
    if (!isKept || pathOf(call.callee).at(-1) !== 'decorate') return [];
    const own = system.program.files.filter((one) => system.partOf(one.path) === system.partOf(file.path));
    return own.some((one) => growsIn(one, name)) ? [{ node: call, name, holder: 'its server' }] : [];
  });

const growsIn = (file: ParsedFile, name: string): boolean =>
  file
    .all('MemberExpression')
    .some(
      (one) =>
        nameOf(one.property as Node) === name && functionsAround(file, one).length > 1 && grows(file, one as Node),
    );
