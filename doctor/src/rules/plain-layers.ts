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
export function plainlyOutward(system: System, { file, target }: ResolvedImport): string | undefined {
  const part = system.partOf(file.path);
  if (target.kind !== 'own' || part?.kind !== 'service' || system.partOf(target.path) !== part) return undefined;
  const [from, to] = [layerOf(part, file.path), layerOf(part, target.path)];
  if (!from || !to || from.depth >= to.depth || from.name === 'controllers') return undefined;
  return to.name === 'services' && !usesModels(system, part, target.path)
    ? undefined
    : `${from.name} import ${to.name}`;
}

/** A folder of services also holds what everybody needs: a logger, a connection. */
function usesModels(system: System, part: Part, path: string): boolean {
  const file = system.program.fileAt(path);
  return (
    !!file &&
    system.importsOf(file).some(({ target }) => target.kind === 'own' && layerOf(part, target.path)?.name === 'models')
  );
}

/** Whether a service is built of such layers. */
export function hasPlainLayers(system: System, part: Part): boolean {
  const depths = new Set(system.filesOf(part).map(({ path }) => layerOf(part, path)?.depth));
  return (depths.has(2) || depths.has(3)) && (depths.has(0) || depths.has(1));
}
