import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCalled, type Part, partNamedIn } from '../../model/layout.ts';
import { perSystem, type System } from '../../model/system.ts';
import type { DeclaredRoute } from './declared-route.ts';
import { isOfExpressGateway, routesOfExpressGateway } from './express-gateway.ts';
import { routesOfIngresses } from './ingress.ts';
import { isOfKong, routesOfKong } from './kong.ts';
import { isOfKrakend, routesOfKrakend } from './krakend.ts';
import { isOfNginx, routesOfConfigMaps, routesOfNginx } from './nginx.ts';
import { isOfTraefik, middlewaresOf, routesOfIngressRoutes, routesOfLabels, routesOfTraefik } from './traefik.ts';

/** A route of a configured gateway, and the service that it leads to. */
export type LedRoute = DeclaredRoute & { readonly target: Part | undefined };

/** The routes of all gateways that are configured: nginx, Kong, KrakenD, Traefik, Express Gateway, an ingress. */
export const declaredRoutes = perSystem((system: System): readonly LedRoute[] => {
  const { root, paths, deployments, kubernetes } = system;
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const from = (isOne: (path: string) => boolean, routesOf: (file: string, content: string) => DeclaredRoute[]) =>
    paths.filter(isOne).flatMap((path) => routesOf(path, read(path)));
  const { resources } = kubernetes;
  const policies = middlewaresOf({ deployments, contents: paths.filter(isOfTraefik).map(read), resources });
  const told = [
    ...from(isOfKong, routesOfKong),
    ...from(isOfKrakend, routesOfKrakend),
    ...from(isOfExpressGateway, routesOfExpressGateway),
  ].map((route) => ({ ...route, target: targetOf(system, route) }));
  // What else it hands on is no service of this repository: a page, a gateway that is programmed.
  const led = [
    ...from(isOfNginx, routesOfNginx),
    ...from(isOfTraefik, (file, content) => routesOfTraefik(file, content, policies)),
    ...routesOfLabels(deployments, policies),
    ...routesOfIngresses(kubernetes),
    ...routesOfIngressRoutes(resources, policies),
    ...routesOfConfigMaps(resources),
  ].map((route) => ({ ...route, target: targetOf(system, route) }));
  return [...told, ...led.filter(({ target }) => target?.kind === 'service')];
});

const targetOf = ({ services, gateways }: System, { host = '' }: DeclaredRoute): Part | undefined =>
  [...services, ...gateways].find((part) => isCalled(part, host)) ?? partNamedIn(host, [...services, ...gateways]);
