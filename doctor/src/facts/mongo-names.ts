import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf } from '../model/texts.ts';
import { nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** `mongodb://db:27017` names a server alone: the database is told where it is opened. */
export function withMongoName(system: System, part: Part, address: string): string {
  if (!/^mongodb(\+srv)?:\/\/[^/?{}]+\/?(\?|$)/.test(address.trim())) return address;
  const name = namesOf(system).get(part);
  return name === undefined
    ? address
    : address.trim().replace(/\/?(\?.*)?$/, (query) => `/${name}${query.replace('/', '')}`);
}

const namesOf = perSystem(
  (system: System): ReadonlyMap<Part, string> =>
    new Map(
      [...system.services, ...system.gateways].flatMap((part) => {
        const files = system.closureOf(part).filter(isOfMongo);
        const names = new Set(files.flatMap((file) => namesIn(system, file)));
        const [name] = names;
        // Without a name, the driver opens `test`.
        const isSilent =
          names.size === 0 &&
          files.some((file) => importsOf(file).includes('mongoose')) &&
          !files.some((file) => mayName(file));
        return names.size === 1 ? [[part, name!] as const] : isSilent ? [[part, 'test'] as const] : [];
      }),
    ),
);

/** Options that are put together elsewhere may tell the name. */
const mayName = (file: ParsedFile): boolean =>
  /\bdbName\b|forRootAsync/.test(file.lines.join('\n')) ||
  callsIn(file).some((call) => {
    const [, options] = call.arguments as readonly Node[];
    const opens = /^(connect|createConnection)$/.test(
      nameOf(call.callee as Node) ?? pathOf(call.callee as Node).at(-1)!,
    );
    if (!opens || !options) return false;
    return options.type !== 'ObjectExpression' || options.properties.some(({ type }) => type === 'SpreadElement');
  });

const importsOf = (file: ParsedFile): string[] => file.imports.map(({ specifier }) => specifier);

const isOfMongo = (file: ParsedFile): boolean =>
  importsOf(file).some((name) => /^(mongodb|mongoose|@nestjs\/mongoose)$/.test(name));

/** `client.db('shop')`, `connect(url, { dbName: 'shop' })`; what is open is a text with braces. */
function namesIn({ program }: System, file: ParsedFile): string[] {
  return callsIn(file).flatMap((call) => {
    const args = call.arguments as readonly Node[];
    const method = call.callee.type === 'MemberExpression' ? nameOf(call.callee.property as Node) : undefined;
    const named = args.flatMap((given) => property(given, 'dbName') ?? []);
    const given = (method === 'db' || method === 'useDb') && args[0] ? [args[0]] : named;
    return given.map((node) => textOf(program, file, node).split('|').at(-1)!);
  });
}
