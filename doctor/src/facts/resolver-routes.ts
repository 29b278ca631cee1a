import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { decoratorsOf, isFunction, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Route } from './routes.ts';

const GRAPHS = /^(@nestjs\/graphql|type-graphql)$/;
const ROOTS: Readonly<Record<string, string>> = { Query: 'QUERY', Mutation: 'MUTATION', Subscription: 'SUBSCRIPTION' };
const STANDS_BEFORE = /UseGuards|UseMiddleware|Throttle|Roles|Auth|Public|Anonymous/;

/** What clients may ask of a graph: its queries and mutations, and what stands before each. */
export const resolverRoutes = (file: ParsedFile): readonly Route[] =>
  file.imports.some(({ specifier }) => GRAPHS.test(specifier))
    ? file.all('ClassDeclaration').flatMap((holder) => {
        if (!decoratorsOf(holder).some(({ name }) => name === 'Resolver')) return [];
        return (holder.body.body as readonly Node[]).flatMap((member) => rootsOf(file, holder, member));
      })
    : [];

function rootsOf(file: ParsedFile, holder: Node, member: Node): Route[] {
  if (member.type !== 'MethodDefinition') return [];
  const before = [holder, member].flatMap((of) =>
    decoratorsOf(of).flatMap(({ name, node }) => (STANDS_BEFORE.test(name) ? [node] : [])),
  );
  return decoratorsOf(member).flatMap(({ name, args }) => {
    const method = ROOTS[name];
    if (!method) return [];
    const named = args.map((one) => property(one, 'name')).find((one) => one !== undefined);
    const path = `/graphql/${nameOf(named) ?? nameOf(member.key as Node) ?? ''}`;
    return [{ file, line: file.lineAt(member.start), method, path, handler: member.value, before, options: undefined }];
  });
}

const ASKS = /verif|authenticat|introspect|jwks|unauthor|getSession|validateToken/i;

/** Whether a graph asks who it is where it puts together what all its resolvers share. */
export const isAskedByContext = perSystem(({ program }: System): boolean =>
  program.files.some((file) =>
    callsIn(file).some((call) => {
      const [holder] = pathOf(call.callee as Node);
      if (holder !== 'GraphQLModule' && !/ApolloServer$|expressMiddleware$/.test(holder ?? '')) return false;
      return file
        .all('Property')
        .some(
          (one) =>
            call.start <= one.start &&
            one.end <= call.end &&
            nameOf(one.key as Node) === 'context' &&
            (isFunction(one.value as Node) ? ASKS.test(file.textOf(one.value as Node)) : one.value.type !== 'Literal'),
        );
    }),
  ),
);
