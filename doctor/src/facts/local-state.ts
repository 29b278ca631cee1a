import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { functionsAround, pathOf, property } from '../source/ast.ts';

const SESSIONS: ReadonlySet<string> = new Set([
  'express-session',
  '@fastify/session',
  'koa-session',
  'fastify-session',
]);

export function sessionInMemory({ program }: System, { file, call }: CallSite): string | undefined {
  const origin = program.originOf(file, call.callee as Node);
  const args = call.arguments as readonly Node[];
  if (origin.kind === 'external' && origin.path.at(-1) === 'MemoryStore')
    return 'keeps sessions in the memory of the process';
  const isRegistered = pathOf(call.callee as Node).at(-1) === 'register' && args[0] !== undefined;
  const plugin = isRegistered ? program.originOf(file, args[0]!) : origin;
  if (
    plugin.kind !== 'external' ||
    !SESSIONS.has(plugin.module) ||
    (!isRegistered && origin.kind === 'external' && origin.path.length > 0)
  )
    return undefined;
  const options = isRegistered ? args[1] : args[0];
  if (options && options.type !== 'ObjectExpression') return undefined;
  return property(options, 'store') ? undefined : 'keeps sessions in the memory of the process: no store is given';
}

const CACHES: ReadonlySet<string> = new Set([
  'lru-cache',
  'node-cache',
  'quick-lru',
  'memory-cache',
  'ttl-cache',
  '@isaacs/ttlcache',
  'tiny-lru',
  'map-cache',
]);
const STATE = /session|token|cart|basket|attempt|otp|password|login|state|seen|processed|handled|idempot|quota|visit/i;

/** `new DataLoader(load, { cache: false })` */
function isUncached(options: Node | undefined): boolean {
  const told = property(options, 'cache');
  return told?.type === 'Literal' && told.value === false;
}

/** A cache forgets and may differ from one replica to the next: that is nothing for a session. */
export function stateInCache({ program }: System, { file, call }: CallSite): string | undefined {
  const origin = program.originOf(file, call.callee as Node);
  if (origin.kind === 'external' && origin.module === 'dataloader' && functionsAround(file, call).length === 0)
    return isUncached(call.arguments[1] as Node | undefined)
      ? undefined
      : 'keeps what a loader has read for all requests';
  if (origin.kind !== 'external' || !CACHES.has(origin.module) || call.type !== 'NewExpression') return undefined;
  const holder = file.parentOf(call);
  const named =
    holder && ('id' in holder ? holder.id : 'key' in holder ? holder.key : 'left' in holder ? holder.left : null);
  const name = named
    ? file
        .textOf(named as Node)
        .replace(/:.*$/s, '')
        .replace(/^this\.#?/, '')
    : '';
  return STATE.test(name) ? `keeps ${name} in a cache of the process (${origin.module})` : undefined;
}

/** A rate limiter without a store that replicas share. */
export function limitsAlone(system: System, part: Part, { file, call }: CallSite): boolean {
  const { program } = system;
  const args = call.arguments as readonly Node[];
  const isRegistered = call.type === 'CallExpression' && pathOf(call.callee as Node).at(-1) === 'register' && !!args[0];
  const origin = program.originOf(file, isRegistered ? args[0]! : (call.callee as Node));
  if (origin.kind !== 'external') return false;
  const { module, path } = origin;
  const options = args[isRegistered ? 1 : 0];
  const given = options && valueNode(program, file, options)?.node;
  const has = (...names: string[]): boolean =>
    given?.type === 'ObjectExpression'
      ? names.some((name) => property(given, name)) || given.properties.some(({ type }) => type === 'SpreadElement')
      : given !== undefined;
  if (module === 'rate-limiter-flexible') return call.type === 'NewExpression' && path.at(-1) === 'RateLimiterMemory';
  if (module === 'koa-ratelimit') return property(given, 'driver') !== undefined && !/redis/.test(file.textOf(call));
  if (module === '@nestjs/throttler')
    return sharesRedis(system, part) && /^forRoot(Async)?$/.test(path.at(-1) ?? '') && !STORED.test(file.textOf(call));
  // What is made already is only run: `limiter(req, res, next)`.
  const isRun = valueNode(program, file, call.callee as Node)?.node.type === 'CallExpression';
  if (isRun || !hasReplicas(system, part)) return false;
  if (/^(express-rate-limit|hono-rate-limiter)$/.test(module))
    return /^rateLimit(er)?$/.test(path.at(-1) ?? 'rateLimit') && !has('store');
  return /^(@fastify\/|fastify-)rate-limit$/.test(module) && isRegistered && !has('redis', 'store');
}

/** Where a system has one process of it, and nothing to share, the memory of that process is enough. */
const hasReplicas = (system: System, part: Part): boolean =>
  system.deploymentsOf(part).some(({ replicas }) => (replicas ?? 1) > 1) || sharesRedis(system, part);

const sharesRedis = (system: System, part: Part): boolean =>
  [...part.dependencies].some((name) => /^(ioredis|redis|@redis\/client|rate-limit-redis)$/.test(name)) ||
  system.deploymentsOf(part).some(({ environment }) => Object.keys(environment).some((key) => REDIS.test(key)));

const STORED = /\bstorage\b/;
const REDIS = /^REDIS_|_REDIS_(URL|HOST)$/;

const WRITERS =
  /^(writeFile|writeFileSync|appendFile|appendFileSync|createWriteStream|outputFile|outputJson|writeJson)$/;
const FILES: ReadonlySet<string> = new Set(['node:fs', 'node:fs/promises', 'fs-extra', 'graceful-fs']);
const DISK_STORES: ReadonlySet<string> = new Set([
  'better-sqlite3',
  'sqlite3',
  'lowdb',
  'node-persist',
  'level',
  'nedb',
  '@seald-io/nedb',
  'lmdb',
  'sqlite',
  'node-localstorage',
]);

/** A file that has to be new: whoever finds it there turns back. */
const isExclusive = (name: string, call: string): boolean =>
  /^(open|openSync|writeFile|writeFileSync)$/.test(name) && /['"](wx|ax)\+?['"]|O_EXCL/.test(call);

export function localDisk({ program }: System, { file, call }: CallSite): string | undefined {
  const origin = program.originOf(file, call.callee as Node);
  if (origin.kind !== 'external') return undefined;
  const name = origin.path.at(-1) ?? '';
  const given = call.arguments[0] as Node | undefined;
  const text = given ? textOf(program, file, given) : '';
  if (FILES.has(origin.module) && isExclusive(name, file.textOf(call)))
    return 'excludes others by a file that only its machine has';
  if (FILES.has(origin.module) && WRITERS.test(name)) {
    const isPassing = /^\/?dev\/|^\/tmp|tmpdir|\btmp\b/.test(text);
    return isPassing ? undefined : 'writes files to the disk of its machine';
  }
  if (origin.module === 'multer' && (name === 'diskStorage' || (origin.path.length === 0 && property(given, 'dest')))) {
    return 'keeps uploads on the disk of its machine';
  }
  if (!DISK_STORES.has(origin.module) || origin.path.length > 1 || text.includes(':memory:')) return undefined;
  return call.type === 'NewExpression' || origin.path.length === 0 || /^(open|Low|JSONFile)/.test(name)
    ? `keeps its data in a file of its machine (${origin.module})`
    : undefined;
}
