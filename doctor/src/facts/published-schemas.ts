import { perSystem, type System } from '../model/system.ts';
import { messageContracts } from './contracts.ts';
import { type Shape, shapeOf, shapeOfType } from './shapes.ts';

/** A schema that services have published: a message with its version, or a type of a contract. */
export interface PublishedSchema {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly shape: Shape;
  /** Of a message: see its contract. */
  readonly key?: string | undefined;
  readonly channel?: string | undefined;
}

/** All schemas in the contracts of a repository. */
export const publishedSchemas = perSystem((system: System): readonly PublishedSchema[] => {
  const messages = messageContracts(system).map(({ type, file, line, schema, key, channel }) => ({
    name: type,
    key,
    channel,
    file: file.path,
    line,
    shape: schema ? shapeOf(system, file, schema) : ({ kind: 'open' } as const),
  }));
  const named = new Set(messages.map(({ file }) => file));
  const types = system.program.files
    .filter((file) => system.partOf(file.path)?.kind === 'contracts' && !named.has(file.path))
    .flatMap((file) => {
      const interfaces = [...file.all('TSInterfaceDeclaration'), ...file.all('TSTypeAliasDeclaration')]
        .filter((node) => file.parentOf(node)?.type === 'ExportNamedDeclaration')
        .map((node) => ({
          name: node.id.name,
          line: file.lineAt(node.start),
          shape: shapeOfType(file, node.type === 'TSTypeAliasDeclaration' ? node.typeAnnotation : node),
        }));
      const schemas = file
        .all('VariableDeclarator')
        .filter(({ init, id }) => init?.type === 'CallExpression' && id.type === 'Identifier')
        .map((node) => ({
          name: node.id.type === 'Identifier' ? node.id.name : '',
          line: file.lineAt(node.start),
          shape: shapeOf(system, file, node.init!),
        }))
        .filter(({ shape }) => shape.kind === 'object');
      // `export type Placed = z.infer<typeof Placed>` says nothing of its own.
      const own = interfaces.filter(({ name }) => !schemas.some((one) => one.name === name));
      return [...own, ...schemas].map((one) => ({ ...one, file: file.path }));
    });
  return [...messages, ...types];
});
