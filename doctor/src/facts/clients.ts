import type { Node } from 'oxc-parser';
import type { Origin } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, pathOf } from '../source/ast.ts';
import { actionOf } from './moleculer.ts';
import { remoteServiceOf } from './nest-grpc.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request'];

/** Which calls of a library go out; the empty text is the library itself, called as a function. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  axios: ['', ...METHODS, 'postForm', 'putForm', 'patchForm'],
  got: ['', ...METHODS, 'stream', 'json'],
  ky: ['', ...METHODS],
  wretch: METHODS,
  superagent: ['', ...METHODS, 'del'],
  needle: ['', ...METHODS],
  request: ['', ...METHODS, 'del'],
  'request-promise': ['', ...METHODS],
  'request-promise-native': ['', ...METHODS],
  'node-fetch': [''],
  'cross-fetch': ['', 'fetch'],
  'isomorphic-fetch': [''],
  ofetch: ['', 'ofetch', '$fetch', 'raw'],
  undici: ['fetch', 'request', 'stream', 'pipeline', 'dispatch'],
  nats: ['request', 'requestMany'],
  '@nats-io/transport-node': ['request', 'requestMany'],
  '@nats-io/nats-core': ['request', 'requestMany'],
  'node:http': ['get', 'request'],
  'node:https': ['get', 'request'],
  'node:http2': ['request'],
  '@nestjs/axios': METHODS,
  phin: [''],
  bent: [''],
  'graphql-request': ['request', 'rawRequest', ''],
  '@apollo/client': ['query', 'mutate'],
  '@urql/core': ['query', 'mutation'],
  jayson: ['request'],
  soap: ['createClientAsync'],
};

/** What libraries of payment providers ask by; all else that they do, they do by themselves. */
const PROVIDERS: Readonly<Record<string, RegExp>> = {
  stripe: /^(create|retrieve|update|del|list|search|capture|confirm|cancel|pay|send|finalizeInvoice|expire|attach)$/,
  braintree: /^(sale|create|generate|find|update|delete|submitForSettlement|refund|void)$/,
  '@paypal/checkout-server-sdk': /^execute$/,
  '@paypal/paypal-server-sdk': /^\w+(Order|Payment)s?$/,
  '@mollie/api-client': /^(create|get|page|update|cancel)$/,
  razorpay: /^(create|fetch|all|capture|refund|edit)$/,
  square: /^(create|get|list|pay|cancel|complete|refund)\w*$/,
  '@adyen/api-library': /^(payments\w*|capture\w*|refund\w*|cancel\w*|sessions)$/i,
};

/** A provider has no address of ours: its library knows it. */
export const isProvider = (client: string): boolean => client in PROVIDERS;

/** Nest's own way to ask over a transport and to wait for the answer. */
const REMOTE_PROCEDURES = /^(ClientProxy|ClientKafka|ClientRMQ|ClientTCP|ClientRedis|ClientNats|ClientGrpcProxy)$/;
/** By which names libraries make clients, on the way to what is asked of these. */
export const MAKERS = new RegExp(
  String.raw`^(create|extend|defaults|instance|\w*Agent|\w*Pool|(GraphQL|Apollo)?Client|createClient|Dispatcher|` +
    'HttpService|axiosRef|AxiosInstance|Got|new)$',
);
/** Clients that have a method for each procedure of a contract. */
const MADE_OF_CONTRACTS = /^(@connectrpc\/connect|nice-grpc)$/;

/** The library by which a call goes out. */
export function clientOf(system: System, { file, call }: CallSite): string | undefined {
  if (actionOf(system, { file, call }) !== undefined) return 'moleculer';
  if (remoteServiceOf(system, { file, call }) !== undefined || isAnyProcedure(system, { file, call })) return 'gRPC';
  const origin = system.program.originOf(file, call.callee as Node);
  if (origin.kind === 'global') return isGlobalFetch(origin, call) ? 'fetch' : undefined;
  if (origin.kind !== 'external' || call.type === 'NewExpression') return undefined;
  const { module, path } = origin;
  if (module === '@nestjs/microservices') {
    return path.at(-1) === 'send' && path.some((name) => REMOTE_PROCEDURES.test(name)) ? 'ClientProxy.send' : undefined;
  }
  if (module === '@grpc/grpc-js') return isGrpcCall(path, call) ? 'gRPC' : undefined;
  // `hc<Orders>(url).orders[':id'].$get()`: what lies between is the path of the address.
  if (module === 'hono')
    return path[0] === 'hc' && /^\$(get|post|put|patch|delete)$/.test(path.at(-1)!) ? 'hc' : undefined;
  if (MADE_OF_CONTRACTS.test(module))
    return path.length === 2 && /^create\w*Client$/.test(path[0]!) ? module : undefined;
  if (PROVIDERS[module]) return path.length > 1 && PROVIDERS[module].test(path.at(-1)!) ? module : undefined;
  const methods = CLIENTS[module];
  if (!methods) return undefined;
  if (module === 'jayson') return path.length > 1 && path.at(-1) === 'request' ? module : undefined;
  if (path.at(-1) === 'axiosRef') return call.arguments.length > 0 ? module : undefined;
  const rest = path.filter(
    (name) => !MAKERS.test(name) && name !== 'default' && !(name === 'connect' && /nats|http2/.test(module)),
  );
  const isMade = rest.length < path.filter((name) => name !== 'default').length;
  if (rest.length === 0)
    return isMade ? calledInstance(system, { file, call }, module) : methods.includes('') ? module : undefined;
  return rest.length === 1 && methods.includes(rest[0]!) ? module : undefined;
}

const isGlobalFetch = ({ path }: Extract<Origin, { kind: 'global' }>, call: AnyCall): boolean =>
  call.type === 'CallExpression' &&
  (path.join('.') === 'fetch' || path.join('.') === 'globalThis.fetch' || path.join('.') === 'global.fetch');

/** An instance that is itself called: `const api = axios.create(); api(…)`. */
function calledInstance(system: System, { file, call }: CallSite, module: string): string | undefined {
  if (!CLIENTS[module]!.includes('')) return undefined;
  const isMaking = MAKERS.test(pathOf(call.callee as Node).at(-1)!);
  const isField = call.callee.type === 'MemberExpression' && call.callee.object.type === 'ThisExpression';
  const binding = call.callee.type === 'Identifier' && system.program.scopesOf(file).lookUp(call.callee.name, call);
  return !isMaking && (isField || (binding && binding.kind === 'value')) ? module : undefined;
}

/** `client[method](request, …)` of a client of gRPC. */
function isAnyProcedure({ program }: System, { file, call }: CallSite): boolean {
  const { callee } = call;
  if (callee.type !== 'MemberExpression' || !callee.computed || callee.property.type === 'Literal') return false;
  const origin = program.originOf(file, callee.object as Node);
  return origin.kind === 'external' && origin.module === '@grpc/grpc-js' && isGrpcCall([...origin.path, '*'], call);
}

const isGrpcCall = (path: readonly string[], call: AnyCall): boolean =>
  path.includes('loadPackageDefinition') &&
  call.type === 'CallExpression' &&
  path.length > 2 &&
  !['addService', 'bindAsync', 'start', 'close', 'loadPackageDefinition'].includes(path.at(-1)!);
