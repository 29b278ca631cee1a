import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { systemClock } from '@ashlar/domain';
import { InternalTokens } from '../auth/internal-tokens.ts';
import { namesakes } from '../limits/rate-limits.ts';
import { faultsOf, type Route } from '../routing/route.ts';
import type { SoundConfig } from './sound-parts.ts';

/** What is wrong with a configuration, and where: a JSON pointer. */
export interface ConfigFault {
  readonly path: string;
  readonly reason: string;
}

/** What a schema cannot tell. */
export const crossFaults = (config: SoundConfig): readonly ConfigFault[] => [
  ...proxyFaults(config),
  ...replicaFaults(config),
  ...limitFaults(config),
  ...authenticationFaults(config),
  ...routeFaults(config),
];

function proxyFaults({ listen }: SoundConfig): readonly ConfigFault[] {
  return (listen?.trustedProxies ?? []).flatMap((proxy, at) =>
    isNetwork(proxy) ? [] : [{ path: `/listen/trustedProxies/${at}`, reason: 'is no address or network' }],
  );
}

function isNetwork(text: string): boolean {
  const [address = '', bits = '0', ...more] = text.split('/');
  const family = isIP(address);
  return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function replicaFaults({ upstreams = {} }: SoundConfig): readonly ConfigFault[] {
  return Object.entries(upstreams).flatMap(([name, { replicas = [] }]) =>
    replicas.flatMap((replica, at) =>
      isOrigin(replica) ? [] : [{ path: `/upstreams/${name}/replicas/${at}`, reason: 'is no address of a server' }],
    ),
  );
}

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).username === '' && !text.includes('@');

/** Names of limits are told in a structured field (RFC 9651), between quotes. */
function limitFaults({ limits = {} }: SoundConfig): readonly ConfigFault[] {
  const doubled = namesakes(limits).map(({ place, of }) => ({
    path: `/limits/${place}/name`,
    reason: `is that of /limits/${of}, which says something else`,
  }));
  const unspeakable = Object.entries(limits).flatMap(([set, all]) =>
    all.flatMap(({ name }, at) =>
      /^[\x20-\x7e]+$/.test(name) && !/["\\]/.test(name)
        ? []
        : [{ path: `/limits/${set}/${at}/name`, reason: 'has a character that no header can tell' }],
    ),
  );
  return [...unspeakable, ...doubled];
}

function authenticationFaults({ authentication, routes = [] }: SoundConfig) {
  const { jwt, apiKeys = [] } = authentication ?? {};
  const faults: ConfigFault[] = [];
  if (typeof jwt?.jwks === 'string' && !URL.canParse(jwt.jwks)) {
    faults.push({ path: '/authentication/jwt/jwks', reason: 'is no address' });
  }
  const hashes = new Set<string>();
  apiKeys.forEach(({ sha256 }, at) => {
    const hash = sha256.toLowerCase();
    if (hashes.has(hash)) faults.push({ path: `/authentication/apiKeys/${at}/sha256`, reason: 'told twice' });
    hashes.add(hash);
  });
  if (jwt || apiKeys.length > 0) return faults;
  const reason = 'needs authentication, and the configuration has none: nobody could call it';
  const guarded = routes.flatMap(({ access }, at) =>
    access === 'public' ? [] : [{ path: `/routes/${at}/access`, reason }],
  );
  return [...faults, ...guarded];
}

function routeFaults({ routes = [], upstreams = {}, limits = {} }: SoundConfig): readonly ConfigFault[] {
  const known = { upstreams: Object.keys(upstreams), limits: [...Object.keys(limits), 'default'] };
  const seen: Route[] = [];
  return routes.flatMap((route, at) => {
    const before = seen.length === 0 ? [] : faultsOf(seen, known);
    seen.push(route as Route);
    const own = faultsOf(seen, known).slice(before.length);
    return own.map((reason) => ({ path: `/routes/${at}`, reason }));
  });
}

/** The files that the configuration names, beside its own, are there, and a key is one. */
export function fileFaults({ listen, authentication }: SoundConfig, file: string): readonly ConfigFault[] {
  const read = (place: string): string => readFileSync(resolve(dirname(file), place), 'utf8');
  const { keyFile } = authentication?.internalTokens ?? {};
  return [
    ...Object.entries(listen?.tls ?? {}).flatMap(([name, place]) => faultIn(`/listen/tls/${name}`, () => read(place))),
    ...(keyFile === undefined
      ? []
      : faultIn('/authentication/internalTokens/keyFile', () => new InternalTokens(systemClock, read(keyFile)))),
  ];
}

function faultIn(path: string, read: () => unknown): readonly ConfigFault[] {
  try {
    read();
    return [];
  } catch (error) {
    return [{ path, reason: `cannot be read: ${(error as Error).message}` }];
  }
}
