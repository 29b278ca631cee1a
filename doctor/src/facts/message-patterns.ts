import type { Part } from '../model/layout.ts';
import { perSystem, type System } from '../model/system.ts';
import { decoratorsOf } from '../source/ast.ts';
import { texts } from './topics.ts';

/** What Nest's services answer to: `@MessagePattern('orders.find')`, and whose it is. */
const answeredPatterns = perSystem(
  (system: System): ReadonlyMap<string, Part> =>
    new Map(
      system.services.flatMap((part) =>
        system.filesOf(part).flatMap((file) =>
          file
            .all('MethodDefinition')
            .flatMap((method) => decoratorsOf(method))
            .filter(({ name }) => name === 'MessagePattern')
            .flatMap(({ args }) => (args[0] ? texts(system, file, args[0]) : []))
            .flatMap((text) => (text === undefined ? [] : [[text, part] as const])),
        ),
      ),
    ),
);

/** The service that answers to a pattern, which may stand beside the name of a wrapper's parameter. */
export function partOfPattern(system: System, address: string): Part | undefined {
  const known = answeredPatterns(system);
  return [address, ...address.split(/[\s|]+/)].map((text) => known.get(text)).find(Boolean);
}
