import type { Part } from '../model/layout.ts';
import type { ResolvedImport, System } from '../model/system.ts';

/** Of services that are built of models, services and controllers: the higher, the further outside. */
const LAYERS = [
  {
    name: 'models',
    depth: 0,
    folder: /^(models?|entities|repositor(y|ies)|daos?)$/,
    ending: 'model|entity|repository',
  },
  { name: 'services', depth: 1, folder: /^services?$/, ending: 'service' },
  { name: 'controllers', depth: 2, folder: /^controllers?$/, ending: 'controller' },
  { name: 'routes', depth: 3, folder: /^(routes?|routers?)$/, ending: 'routes?|router' },
] as const;

const LAYER_OF_FILE = LAYERS.map((layer) => ({
  layer,
  file: new RegExp(String.raw`[\w-]\.(${layer.ending})\.[cm]?[jt]sx?$`, 'i'),
}));

/** By its ending, or by the folder next to it that bears the name of a layer. */
function layerOf(part: Part, path: string) {
  const folders = path.slice(part.folder.length).split('/').slice(0, -1).toReversed();
  return (
    LAYER_OF_FILE.find(({ file }) => file.test(path))?.layer ??
    folders.flatMap((folder) => LAYERS.find((layer) => layer.folder.test(folder)) ?? [])[0]
  );
}

/** In words, how a model or a service imports what stands around it. */
export function plainlyOutward(system: System, { file, target, typeOnly }: ResolvedImport): string | undefined {
  const part = typeOnly ? undefined : system.partOf(file.path);
  if (target.kind !== 'own' || part?.kind !== 'service' || system.partOf(target.path) !== part) return undefined;
  const [from, to] = [layerOf(part, file.path), layerOf(part, target.path)];
  if (!from || !to || from.depth >= to.depth || from.name === 'controllers') return undefined;
  const isLayer = to.name === 'services' ? usesModels(system, part, target.path) : answers(system, target.path);
  return isLayer ? `${from.name} import ${to.name}` : undefined;
}

const ANSWERS = /\b(req|res|request|reply|response|ctx|router)\b|@Controller|\b(express|fastify|koa|hono)\b/i;

/** A folder of routes may also hold those of parcels: a layer is what answers requests. */
const answers = ({ program }: System, path: string): boolean =>
  ANSWERS.test(program.fileAt(path)?.lines.join('\n') ?? '');

const OF_ALL = /(^|[/._-])(log|logger|logging|audit|mailer|cache|config|metrics|crypto|hash|storage|queue|clock)\b/i;

/** A folder of services also holds what everybody needs: a logger, a connection. */
function usesModels(system: System, part: Part, path: string): boolean {
  const file = system.program.fileAt(path);
  return (
    !!file &&
    !OF_ALL.test(path.slice(path.lastIndexOf('/') + 1)) &&
    system.importsOf(file).some(({ target }) => target.kind === 'own' && layerOf(part, target.path)?.name === 'models')
  );
}

/** Whether a service is built of such layers. */
export function hasPlainLayers(system: System, part: Part): boolean {
  const depths = new Set(system.filesOf(part).map(({ path }) => layerOf(part, path)?.depth));
  return (depths.has(2) || depths.has(3)) && (depths.has(0) || depths.has(1));
}
