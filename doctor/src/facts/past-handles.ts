import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import { annotationOf } from '../model/scope.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, functionsAround, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite } from './effects.ts';
import { connectionOf, HANDLE, HANDLE_TYPE } from './transaction-handles.ts';

/** What a function changes past the transaction that it is handed: it stays when that is rolled back. */
export const writePastHandle = (system: System, start: FunctionAt): CallSite | undefined =>
  system.program
    .callsReachedFrom(start, 4)
    .find(
      (site) =>
        functionsAround(site.file, site.call).some((one) => takesHandle(site.file, one)) &&
        isWrite(system, site) &&
        connectionOf(system, site) === 'root',
    );

const takesHandle = (file: ParsedFile, { params }: AnyFunction): boolean =>
  (params as readonly Node[]).some((one) => {
    const type = annotationOf(one);
    return type ? HANDLE_TYPE.test(file.textOf(type)) : HANDLE.test(nameOf(one) ?? '');
  });
