import type { Node } from 'oxc-parser';
import { type AnyClass, type AnyFunction, isFunction, nameOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What a name stands for. */
export type Binding =
  | { readonly kind: 'import'; readonly specifier: string; readonly name: string }
  | { readonly kind: 'function'; readonly node: AnyFunction }
  | { readonly kind: 'class'; readonly node: AnyClass }
  | { readonly kind: 'type'; readonly node: Node }
  | { readonly kind: 'enum'; readonly node: Node }
  | {
      readonly kind: 'value';
      readonly init: Node | undefined;
      readonly type: Node | undefined;
      readonly declaration: 'const' | 'let' | 'var' | 'parameter';
      /** Which part of the value: `{ a: { b } }` is `['a', 'b']`. */
      readonly path: readonly string[];
      readonly node: Node;
    };

interface Declared {
  readonly scope: Node;
  readonly binding: Binding;
}

/** The names of a file and where each of them holds. */
export class Scopes {
  readonly #byName = new Map<string, Declared[]>();
  /** What is exported under which name: a local name, or a name of another module. */
  readonly exports = new Map<string, { readonly local: string } | { readonly specifier: string; name: string }>();
  /** `export * from 'x'` */
  readonly handedOn: string[] = [];
  /** The value of `export default` or `module.exports`, where it has no name. */
  defaultExport: Node | undefined;

  constructor(private readonly file: ParsedFile) {
    this.#readImports();
    this.#readDeclarations();
    this.#readExports();
  }

  /** What a name stands for at a place: the declaration of the innermost scope around it. */
  lookUp(name: string, at: Node): Binding | undefined {
    let best: Declared | undefined;
    for (const declared of this.#byName.get(name) ?? []) {
      const { scope } = declared;
      const holds = scope.start <= at.start && at.end <= scope.end;
      if (holds && (!best || scope.end - scope.start <= best.scope.end - best.scope.start)) best = declared;
    }
    return best?.binding;
  }

  /** What a name stands for at the top of the file. */
  top(name: string): Binding | undefined {
    return this.#byName.get(name)?.find(({ scope }) => scope === this.file.program)?.binding;
  }

  #declare(name: string | undefined, scope: Node, binding: Binding): void {
    if (name === undefined) return;
    const same = this.#byName.get(name);
    if (same) same.push({ scope, binding });
    else this.#byName.set(name, [{ scope, binding }]);
  }

  #readImports(): void {
    const { program } = this.file;
    for (const node of this.file.all('ImportDeclaration')) {
      for (const specifier of node.specifiers) {
        const name =
          specifier.type === 'ImportNamespaceSpecifier'
            ? '*'
            : specifier.type === 'ImportDefaultSpecifier'
              ? 'default'
              : nameOf(specifier.imported as Node)!;
        this.#declare(specifier.local.name, program, { kind: 'import', specifier: node.source.value, name });
      }
    }
    for (const node of this.file.all('TSImportEqualsDeclaration')) {
      const reference = node.moduleReference as Node;
      if (reference.type !== 'TSExternalModuleReference') continue;
      const specifier = nameOf(reference.expression as Node)!;
      this.#declare(node.id.name, program, { kind: 'import', specifier, name: '*' });
    }
  }

  #readDeclarations(): void {
    for (const node of this.file.all('FunctionDeclaration')) {
      if (node.id) this.#declare(node.id.name, this.#scopeOf(node), { kind: 'function', node });
    }
    for (const node of [...this.file.all('ClassDeclaration'), ...this.file.all('ClassExpression')]) {
      if (node.id) this.#declare(node.id.name, this.#scopeOf(node), { kind: 'class', node });
    }
    for (const node of [...this.file.all('TSInterfaceDeclaration'), ...this.file.all('TSTypeAliasDeclaration')]) {
      this.#declare(node.id.name, this.#scopeOf(node), { kind: 'type', node });
    }
    for (const node of this.file.all('TSEnumDeclaration')) {
      this.#declare(node.id.name, this.#scopeOf(node), { kind: 'enum', node });
    }
    for (const declaration of this.file.all('VariableDeclaration')) {
      const kind = declaration.kind === 'let' || declaration.kind === 'var' ? declaration.kind : 'const';
      for (const { id, init } of declaration.declarations) {
        const scope = this.#scopeOf(declaration);
        this.#readPattern(id as Node, { scope, init: init ?? undefined, kind, path: [] });
      }
    }
    for (const type of ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'] as const) {
      for (const node of this.file.all(type)) {
        for (const parameter of node.params as readonly Node[]) {
          this.#readPattern(parameter, { scope: node, init: undefined, kind: 'parameter', path: [] });
        }
      }
    }
  }

  #readPattern(given: Node, at: Place): void {
    const { scope, init, kind, path } = at;
    const pattern = given.type === 'TSParameterProperty' ? (given.parameter as Node) : given;
    if (pattern.type === 'AssignmentPattern') {
      this.#readPattern(pattern.left as Node, { ...at, init: init ?? pattern.right });
    } else if (pattern.type === 'RestElement') {
      this.#readPattern(pattern.argument as Node, { ...at, init: undefined });
    } else if (pattern.type === 'Identifier') {
      const required = init && path.length === 0 ? requiredModule(init) : undefined;
      const taken = init && path.length === 1 ? requiredModule(init) : undefined;
      const specifier = required ?? taken;
      const type = at.type ?? annotationOf(pattern);
      if (specifier !== undefined) {
        this.#declare(pattern.name, scope, { kind: 'import', specifier, name: taken ? path[0]! : '*' });
      } else {
        this.#declare(pattern.name, scope, { kind: 'value', init, type, declaration: kind, path, node: pattern });
      }
    } else if (pattern.type === 'ObjectPattern') {
      const type = at.type ?? annotationOf(pattern);
      for (const entry of pattern.properties) {
        const isRest = entry.type === 'RestElement';
        const value = isRest ? (entry.argument as Node) : (entry.value as Node);
        const name = isRest ? '*' : (nameOf(entry.key as Node) ?? '*');
        this.#readPattern(value, { ...at, ...(type && { type }), path: isRest ? path : [...path, name] });
      }
    } else if (pattern.type === 'ArrayPattern') {
      for (const [index, element] of pattern.elements.entries()) {
        if (element) this.#readPattern(element as Node, { ...at, path: [...path, String(index)] });
      }
    }
  }

  /** The nearest function, block or file around a declaration. */
  #scopeOf(node: Node): Node {
    for (let at = this.file.parentOf(node); at; at = this.file.parentOf(at)) {
      if (isFunction(at) || at.type === 'Program' || at.type === 'BlockStatement' || at.type.startsWith('For'))
        return at;
    }
    return this.file.program;
  }

  #readExports(): void {
    for (const node of this.file.all('ExportNamedDeclaration')) {
      for (const { local, exported } of node.specifiers) {
        const [from, to] = [nameOf(local as Node)!, nameOf(exported as Node)!];
        this.exports.set(to, node.source ? { specifier: node.source.value, name: from } : { local: from });
      }
      for (const name of declaredNames(node.declaration as Node | null)) this.exports.set(name, { local: name });
    }
    for (const node of this.file.all('ExportAllDeclaration')) {
      const name = nameOf(node.exported as Node | null);
      if (name === undefined) this.handedOn.push(node.source.value);
      else this.exports.set(name, { specifier: node.source.value, name: '*' });
    }
    for (const node of this.file.all('ExportDefaultDeclaration')) this.#exportDefault(node.declaration as Node);
    for (const node of this.file.all('TSExportAssignment')) this.#exportDefault(node.expression as Node);
    for (const node of this.file.all('AssignmentExpression')) this.#readCommonExport(node.left as Node, node.right);
  }

  #exportDefault(node: Node): void {
    const name = (node as { id?: { name: string } | null }).id?.name ?? (node.type === 'Identifier' ? node.name : '');
    if (name !== '') this.exports.set('default', { local: name });
    this.defaultExport = node;
  }

  /** `module.exports = …`, `exports.a = …` */
  #readCommonExport(left: Node, right: Node): void {
    if (left.type !== 'MemberExpression') return;
    const text = this.file.textOf(left);
    const named = /^(?:module\.)?exports\.(\w+)$/.exec(text)?.[1];
    if (text === 'module.exports') {
      this.#exportDefault(right);
      if (right.type !== 'ObjectExpression') return;
      for (const entry of right.properties) {
        if (entry.type !== 'Property') continue;
        const name = nameOf(entry.key as Node);
        const value = entry.value as Node;
        if (name === undefined) continue;
        if (value.type === 'Identifier') this.exports.set(name, { local: value.name });
        else this.#exportExpression(name, value);
      }
    } else if (named !== undefined) {
      if (right.type === 'Identifier') this.exports.set(named, { local: right.name });
      else this.#exportExpression(named, right);
    }
  }

  /** An exported value that has no name of its own. */
  #exportExpression(name: string, init: Node): void {
    const local = `exports.${name}`;
    this.exports.set(name, { local });
    const binding: Binding = isFunction(init)
      ? { kind: 'function', node: init }
      : { kind: 'value', init, type: undefined, declaration: 'const', path: [], node: init };
    this.#declare(local, this.file.program, binding);
  }
}

interface Place {
  readonly scope: Node;
  readonly init: Node | undefined;
  readonly kind: 'const' | 'let' | 'var' | 'parameter';
  readonly path: readonly string[];
  readonly type?: Node;
}

export const annotationOf = (node: Node): Node | undefined =>
  (node as { typeAnnotation?: { typeAnnotation?: Node } | null }).typeAnnotation?.typeAnnotation;

/** `x` of `require('x')`, also within `(await import('x'))`. */
function requiredModule(init: Node): string | undefined {
  const node = unwrap(init);
  if (node.type === 'ImportExpression') return nameOf(node.source as Node);
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') {
    return undefined;
  }
  return nameOf(node.arguments[0] as Node);
}

function declaredNames(node: Node | null): string[] {
  if (!node) return [];
  if (node.type === 'VariableDeclaration') return node.declarations.flatMap(({ id }) => patternNames(id as Node));
  const name = (node as { id?: { name?: string } | null }).id?.name;
  return name === undefined ? [] : [name];
}

function patternNames(node: Node): string[] {
  if (node.type === 'Identifier') return [node.name];
  if (node.type === 'ObjectPattern') {
    return node.properties.flatMap((entry) => patternNames((entry.type === 'Property' ? entry.value : entry) as Node));
  }
  if (node.type === 'AssignmentPattern') return patternNames(node.left as Node);
  return [];
}
