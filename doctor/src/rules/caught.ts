import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { ancestorsOf, contains, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** Whether something is answered in place of an error that a place throws, here or by all who call it. */
export function isCaught(system: System, { file, node }: { file: ParsedFile; node: Node }, depth = 0): boolean {
  const { program } = system;
  const parent = file.parentOf(node);
  const chained = parent?.type === 'MemberExpression' && /^(catch|then)$/.test(pathOf(parent).at(-1)!);
  if (chained && pathOf(parent).at(-1) === 'catch') return true;
  for (const outer of ancestorsOf(file, node)) {
    if (
      outer.type === 'TryStatement' &&
      outer.handler &&
      contains(outer.block, node) &&
      !handsOn(file, outer.handler.body)
    )
      return true;
    if (
      outer.type.endsWith('Function') ||
      outer.type.startsWith('Function') ||
      outer.type === 'ArrowFunctionExpression'
    ) {
      const callers = depth > 4 ? [] : program.callersOf(outer as never);
      return (
        callers.length > 0 && callers.every((site) => isCaught(system, { file: site.file, node: site.call }, depth + 1))
      );
    }
  }
  return false;
}

/** A `catch` that only tells somebody else of the error answers nothing in its place. */
function handsOn(file: ParsedFile, { body }: { readonly body: readonly Node[] }): boolean {
  return (
    body.every((one) => {
      if (one.type === 'ThrowStatement') return one.argument.type === 'Identifier';
      const call =
        one.type === 'ExpressionStatement' || one.type === 'ReturnStatement'
          ? (one as { expression?: Node; argument?: Node | null })
          : {};
      const inner = call.expression ?? call.argument ?? undefined;
      return (
        inner !== undefined &&
        /^(await )?(next|done|reject)\(\w+\)$|^(console|log\w*|this\.log\w*)\./.test(file.textOf(inner))
      );
    }) && body.length > 0
  );
}
