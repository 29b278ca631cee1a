import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { decoratorsOf, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

const LOADS_FOLDERS = /\breaddir(Sync)?\(|\bglob(Sync|by)?\(|autoload|require-?dir|import\.meta\.glob/i;

/** Whether anybody takes what a file offers: a router that no server uses answers nothing, nor a stray controller. */
export function isMounted(system: System, file: ParsedFile): boolean {
  const routers = routersOf(system, file);
  const isOfNest = file.imports.some(({ specifier }) => specifier === '@nestjs/common');
  const controllers = (isOfNest ? file.all('ClassDeclaration') : []).flatMap((node) =>
    decoratorsOf(node).some(({ name }) => name === 'Controller') && node.id ? [node.id.name] : [],
  );
  const offered = [...routers, ...controllers];
  if (offered.length === 0 || isGivenOn(file, offered)) return true;
  const takers = system.imports.filter(({ target }) => target.kind === 'own' && target.path === file.path);
  const files = [...new Set(takers.map((one) => system.program.fileAt(one.file.path)))];
  if (files.some((one) => one && takes(system, one, file))) return true;
  return system.program.files.some(
    (one) => system.partOf(one.path) === system.partOf(file.path) && LOADS_FOLDERS.test(one.lines.join('\n')),
  );
}

/** `const router = Router()` */
const routersOf = ({ program }: System, file: ParsedFile): string[] =>
  file.all('VariableDeclarator').flatMap(({ id, init }) => {
    if (id.type !== 'Identifier' || (init?.type !== 'CallExpression' && init?.type !== 'NewExpression')) return [];
    const origin = program.originOf(file, init.callee as Node);
    const isRouter =
      origin.kind === 'external' &&
      (origin.module === 'express'
        ? origin.path.at(-1) === 'Router'
        : /^(koa-router|@koa\/router|router)$/.test(origin.module));
    return isRouter ? [id.name] : [];
  });

const isGivenOn = (file: ParsedFile, names: readonly string[]): boolean =>
  callsIn(file).some((call) =>
    (call.arguments as readonly Node[]).some(
      (given) => names.includes(nameOf(given) ?? '') || /^\w+\.routes$/.test(pathOf(given).join('.')),
    ),
  ) ||
  file.all('ArrayExpression').some((list) => list.elements.some((one) => names.includes(nameOf(one as Node) ?? '')));

/** Whether a file does anything with what it imports from another one. */
function takes({ program }: System, file: ParsedFile, from: ParsedFile): boolean {
  const leads = (specifier: string): boolean => {
    const target = program.resolve(file.path, specifier);
    return target.kind === 'own' && target.path === from.path;
  };
  const declared = file.all('ImportDeclaration').filter(({ source }) => leads(source.value));
  const required = file.all('VariableDeclarator').flatMap(({ id, init }) => {
    const isRequire = init?.type === 'CallExpression' && nameOf(init.callee as Node) === 'require';
    return isRequire && leads(nameOf(init.arguments[0] as Node) ?? '') ? [id as Node] : [];
  });
  if (declared.length + required.length === 0 || required.some(({ type }) => type !== 'Identifier')) return true;
  const names = [
    ...declared.flatMap(({ specifiers }) => specifiers.map(({ local }) => local.name)),
    ...required.map((id) => nameOf(id)!),
  ];
  return file
    .all('Identifier')
    .some(
      (node) =>
        names.includes(node.name) &&
        !required.includes(node) &&
        !/^Import\w*Specifier$/.test(file.parentOf(node)?.type ?? ''),
    );
}
