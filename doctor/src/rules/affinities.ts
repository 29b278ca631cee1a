import { stickyIn } from '../facts/proxies.ts';
import { isCalled, type Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import type { Draft } from './rule.ts';

/**
 * Balancers that send a client to the same replica again hide that replicas differ; host paths tie a pod to a machine.
 */
export function affinities(system: System): Draft[] {
  const partNamed = (name: string): Part | undefined =>
    [...system.services, ...system.gateways].find((part) => isCalled(part, name));
  const sticky = system.kubernetes.sticky.map(({ target, how, file, line }) => ({
    subject: partNamed(target)?.name ?? target,
    what: `${target} binds clients to one replica (${how})`,
    evidence: [{ file, line, text: how }],
  }));
  const bound = stickyIn(system).map(({ to, file, line, text }) => ({
    subject: to.name,
    what: `${to.name} binds clients to one replica (${text})`,
    evidence: [{ file, line, text }],
  }));
  const disks = [...system.services, ...system.gateways].flatMap((part) =>
    system.deploymentsOf(part).flatMap(({ hostPaths }) =>
      hostPaths
        .filter(
          ({ path }) =>
            /^[./~]/.test(path) && /data|upload|session|storage|file|db|state/i.test(path) && !/\.sock$/.test(path),
        )
        .map(({ path, line }) => ({
          subject: part.name,
          what: `${part.name} keeps data on the disk of one machine`,
          evidence: [{ file: system.deploymentsOf(part)[0]!.file, line, text: path }],
        })),
    ),
  );
  return [...sticky, ...bound, ...disks];
}
