import type { Node } from 'oxc-parser';
import { type AnyClass, contains, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { functions, type Origin, UNKNOWN } from './origin.ts';
import type { Origins } from './origins.ts';
import { annotationOf } from './scope.ts';
import type { TypeOrigins } from './type-origins.ts';

/** What classes have: methods, fields, what their constructors are handed, and what they inherit. */
export class ClassMembers {
  constructor(
    private readonly origins: Origins,
    private readonly types: TypeOrigins,
  ) {}

  /** What a class, or an object of it, has under a name. */
  of(file: ParsedFile, node: AnyClass, name: string): Origin {
    for (const member of node.body.body as readonly Node[]) {
      if (!('key' in member) || nameOf(member.key as Node) !== name) continue;
      if (member.type === 'TSAbstractMethodDefinition') return this.#ofSoleImplementer(node, name);
      if (member.type === 'MethodDefinition' && member.kind !== 'get') return functions(file, member.value);
      if (member.type === 'PropertyDefinition') {
        const type = annotationOf(member);
        const typed = type ? this.types.originOfType(file, type) : UNKNOWN;
        if (typed.kind !== 'unknown') return typed;
        if (member.value) return this.origins.originOf(file, member.value);
        break;
      }
    }
    const own = this.#ofConstructor(file, node, name);
    if (own.kind !== 'unknown' || !node.superClass) return own;
    const above = this.origins.originOf(file, node.superClass);
    return above.kind === 'class' || above.kind === 'external' ? this.origins.memberOf(above, name) : UNKNOWN;
  }

  /** A port that is an abstract class: what its only implementation does. */
  #ofSoleImplementer(node: AnyClass, name: string): Origin {
    const [only, ...others] = this.types.implementersOf(node);
    return only && others.length === 0 ? this.of(only.file, only.node, name) : UNKNOWN;
  }

  /** `constructor(private readonly a: A)` and `this.a = …` */
  #ofConstructor(file: ParsedFile, node: AnyClass, name: string): Origin {
    const method = (node.body.body as readonly Node[]).find(
      (member) => member.type === 'MethodDefinition' && member.kind === 'constructor',
    );
    const value = method?.type === 'MethodDefinition' ? method.value : undefined;
    for (const parameter of (value?.params ?? []) as readonly Node[]) {
      if (parameter.type !== 'TSParameterProperty') continue;
      const inner = parameter.parameter as Node;
      const target = inner.type === 'AssignmentPattern' ? (inner.left as Node) : inner;
      const type = annotationOf(target);
      if (nameOf(target) === name && type) return this.types.originOfType(file, type);
    }
    const assigned = file
      .all('AssignmentExpression')
      .filter(({ left }) => contains(node, left as Node) && file.textOf(left as Node) === `this.${name}`)
      .map(({ right }) => this.origins.originOf(file, right));
    return assigned.find(({ kind }) => kind !== 'unknown') ?? UNKNOWN;
  }
}
