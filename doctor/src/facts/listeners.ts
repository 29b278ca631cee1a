import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf } from '../model/texts.ts';
import { nameOf } from '../source/ast.ts';

/** The service that listens where an address of this machine leads to: `http://localhost:4001`. */
export function listenerAt(system: System, parts: readonly Part[], address: string): Part | undefined {
  const ports = [...address.matchAll(/\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)/g)].map(([, port]) => port!);
  const there = parts.filter((part) => ports.some((port) => portsOf(system).get(part)?.has(port)));
  return there.length === 1 ? there[0] : undefined;
}

/** On which ports parts listen, as their code and their containers say. */
const portsOf = perSystem(
  (system: System): ReadonlyMap<Part, ReadonlySet<string>> =>
    new Map(
      [...system.services, ...system.gateways].map((part) => [
        part,
        new Set([
          ...listenedIn(system, part),
          ...system
            .deploymentsOf(part)
            .flatMap(({ environment, publishedPorts }) => [
              ...(environment['PORT'] ?? '').split(' '),
              ...publishedPorts.map(({ port }) => port.split(':').at(-2) ?? port),
            ]),
        ]),
      ]),
    ),
);

function listenedIn(system: System, part: Part): string[] {
  return system.filesOf(part).flatMap((file) =>
    callsIn(file).flatMap((call) => {
      const [given] = call.arguments as readonly Node[];
      if (call.callee.type !== 'MemberExpression' || nameOf(call.callee.property as Node) !== 'listen') return [];
      return given ? [...textOf(system.program, file, given).matchAll(/\d{2,5}/g)].map(([port]) => port) : [];
    }),
  );
}
