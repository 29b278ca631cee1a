import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { isCalled, partNamedIn } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { type AnyCall, classAround, functionsAround, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { clientOf, isProvider, MAKERS } from './clients.ts';
import { isGuarded } from './guards.ts';
import { listenerAt } from './listeners.ts';
import { partOfPattern } from './message-patterns.ts';
import { actionOf, isOn, partOfAction } from './moleculer.ts';
import { remoteServiceOf } from './nest-grpc.ts';

export { clientOf } from './clients.ts';

/** A call that waits for the answer of somebody else. */
export interface Outbound {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly node: AnyCall;
  readonly line: number;
  /** `axios`, `fetch`, … */
  readonly client: string;
  /** The address, as far as it is known. */
  readonly address: string;
  /** Whom it asks, where that is a part of this repository. */
  readonly target: Part | undefined;
  readonly isGuarded: boolean;
}

/** What a kit of this repository makes clients by. */
const KIT_MAKERS = /^(create|make)\w*Client$/;
const PROBES = /(^|[/._-])(health-?checks?|wait-for[\w-]*)\.[cm]?[jt]s$/;

/** Every call that goes out of a service or gateway, also those that its libraries make for it. */
export const outboundCalls = perSystem((system: System): readonly Outbound[] => {
  const found = system.program.files.flatMap((file) =>
    PROBES.test(file.path)
      ? []
      : callsIn(file).flatMap((call) => {
          const client = clientOf(system, { file, call });
          return client
            ? sitesOf(system, { file, call }).map((site) => outbound(system, site, { client, raw: call, file }))
            : [];
        }),
  );
  const distinct = new Map(found.map((one) => [`${one.file.path}:${one.node.start}`, one]));
  return [...distinct.values()];
});

interface Climb {
  readonly depth: number;
  readonly seen: Set<Node>;
}

/** Where a call goes out for a service: in its own text, or where it calls the library that makes the call. */
function sitesOf(system: System, site: CallSite, { depth, seen }: Climb = { depth: 0, seen: new Set() }): CallSite[] {
  const part = system.partOf(site.file.path);
  if (part?.kind === 'service' || part?.kind === 'gateway') return [site];
  if (depth > 6) return [];
  for (const around of functionsAround(site.file, site.call)) {
    if (seen.has(around)) return [];
    seen.add(around);
    const callers = system.program.callersOf(around);
    if (callers.length === 0 && isHandedOut(site.file, around)) return [];
    if (callers.length > 0) return callers.flatMap((caller) => sitesOf(system, caller, { depth: depth + 1, seen }));
  }
  return [];
}

/** A method of an object or class: whoever makes the object does not call it. */
const isHandedOut = (file: ParsedFile, node: Node): boolean =>
  ['Property', 'PropertyDefinition', 'MethodDefinition'].includes(file.parentOf(node)?.type ?? '');

interface Raw {
  readonly client: string;
  readonly raw: AnyCall;
  readonly file: ParsedFile;
}

function outbound(system: System, { file, call }: CallSite, { client, raw, file: home }: Raw): Outbound {
  const part = system.partOf(file.path)!;
  const remote = remoteServiceOf(system, { file: home, call: raw });
  const addresses = isProvider(client)
    ? []
    : [remote ?? addressOf(system, file, call), call === raw ? '' : addressOf(system, home, raw)];
  const address = addresses.join(' ').trim();
  const action = client === 'moleculer' ? actionOf(system, { file: home, call: raw }) : undefined;
  const others = [...system.services, ...system.gateways].filter((one) => one !== part);
  const target = action
    ? partOfAction(system, action)
    : remote
      ? partNamedIn(remote, others)
      : isProvider(client)
        ? undefined
        : ((client === 'ClientProxy.send' ? partOfPattern(system, address) : undefined) ??
          targetOf(system, { part, address, file, call }));
  return {
    part,
    file,
    node: call,
    line: file.lineAt(call.start),
    client,
    address,
    target: target === part ? undefined : target,
    isGuarded:
      (client === 'moleculer' && isOn(system, 'circuitBreaker')) ||
      isGuarded(system, file, call) ||
      (call !== raw && isGuarded(system, home, raw)) ||
      (target !== undefined && hasMeshBreaker(system, target)),
  };
}

function addressOf({ program }: System, file: ParsedFile, call: AnyCall): string {
  // The last of `post(url, data, config)`.
  const [first, second, third] = call.arguments as readonly Node[];
  const urls = [third, first, second].flatMap((given) => {
    if (!given) return [];
    if (given.type !== 'ObjectExpression') return given === first ? [textOf(program, file, given)] : [];
    return ['baseURL', 'url', 'prefixUrl', 'hostname', 'host', 'origin', 'path', 'uri'].flatMap((key) => {
      const value = property(given, key);
      return value ? [textOf(program, file, value)] : [];
    });
  });
  return [
    ...addressOfInstance({ program } as System, file, call),
    ...addressHandedUp(program, file, call),
    ...addressOfMaker(program, file, call),
    ...urls,
  ].join('');
}

const HELD = ['baseURL', 'baseUrl', 'prefixUrl', 'origin'] as const;

/** With what a function that asks was made: `const ask = fetcher({ origin: process.env.ROOMS_URL })`. */
function addressOfMaker(program: System['program'], file: ParsedFile, { callee }: AnyCall): string[] {
  const made = callee.type === 'Identifier' ? valueNode(program, file, callee) : undefined;
  if (made?.node.type !== 'CallExpression') return [];
  if (program.originOf(made.file, made.node.callee as Node).kind !== 'functions') return [];
  const value = HELD.map((key) =>
    property(made.node.type === 'CallExpression' ? (made.node.arguments[0] as Node) : undefined, key),
  ).find(Boolean);
  return value ? [textOf(program, made.file, value)] : [];
}

/** What a client of this repository hands to its base class: `super(process.env.ROOMS_URL)`. */
function addressHandedUp(program: System['program'], file: ParsedFile, call: AnyCall): string[] {
  if (call.callee.type !== 'MemberExpression' || call.callee.object.type !== 'ThisExpression') return [];
  const home = classAround(file, call);
  const handed =
    home?.superClass &&
    file
      .all('CallExpression')
      .find(({ callee, start }) => callee.type === 'Super' && home.start <= start && start < home.end);
  const [first] = (handed?.arguments ?? []) as readonly Node[];
  return first && first.type !== 'ObjectExpression' ? [textOf(program, file, first)] : [];
}

/** The address that the client was made with. */
function addressOfInstance(system: System, file: ParsedFile, call: AnyCall): string[] {
  if (call.callee.type !== 'MemberExpression') return [];
  const { program } = system;
  const receiver = call.callee.object as Node;
  const path = pathOf(receiver);
  const name = path.at(-1)!;
  const makers = callsIn(file).filter((made) => {
    const parent = file.parentOf(made);
    const holder =
      parent && 'key' in parent ? file.textOf(parent.key as Node) : parent && 'id' in parent ? parent.id : '';
    const held = typeof holder === 'string' ? holder : holder ? file.textOf(holder as Node) : '';
    const left = parent?.type === 'AssignmentExpression' ? file.textOf(parent.left as Node).replace('this.', '') : '';
    const maker = pathOf(made.callee as Node).at(-1)!;
    const isMaking = MAKERS.test(maker) || KIT_MAKERS.test(maker) || made.type === 'NewExpression';
    return (held === name || left === name) && isMaking;
  });
  return makers.flatMap((made) => {
    const [given] = made.arguments as readonly Node[];
    if (given?.type === 'ObjectExpression') return heldIn(program, { file, node: given });
    return given ? [textOf(program, file, given)] : [];
  });
}

/** Also in what is spread into it: `createClient({ ...orders, timeoutMs })`. */
function heldIn(program: System['program'], { file, node }: { file: ParsedFile; node: Node }, depth = 0): string[] {
  if (node.type !== 'ObjectExpression' || depth > 2) return [];
  const own = HELD.map((key) => property(node, key)).find(Boolean);
  if (own) return [textOf(program, file, own)];
  return node.properties.flatMap((entry) => {
    const spread = entry.type === 'SpreadElement' ? valueNode(program, file, entry.argument) : undefined;
    return spread ? heldIn(program, spread, depth + 1) : [];
  });
}

interface Asked {
  readonly part: Part;
  readonly address: string;
  readonly file: ParsedFile;
  readonly call: AnyCall;
}

/** By the host of the address, by the setting that holds it, or by the name of the client. */
function targetOf(system: System, { part, address, file, call }: Asked): Part | undefined {
  const others = [...system.services, ...system.gateways].filter((one) => one !== part);
  const hosts = [...address.matchAll(/\/\/([^/:{}|]+)/g)].map(([, host]) => host!);
  // Only what stands where a host would: an id in the path names nobody.
  const settings = [...address.matchAll(/(?:^|[|\s]|\/\/)\{([^{}]+)\}/g)].map(([, open]) => open!);
  const values = settings.flatMap((setting) => {
    const name = /([A-Z][A-Z0-9_]+)/.exec(setting)?.[1];
    return name ? system.deploymentsOf(part).flatMap(({ environment }) => environment[name] ?? []) : [];
  });
  const hostOf = (value: string): string => /\/\/([^/:]+)/.exec(value)?.[1] ?? value;
  for (const text of [...hosts, ...values.map(hostOf), ...settings]) {
    const found = partNamedIn(text, others);
    if (found) return found;
  }
  const local = listenerAt(system, others, address);
  if (local || hosts.some((host) => host.includes('.'))) return local;
  const receiver = pathOf(call.callee as Node)
    .slice(0, -1)
    .join(' ');
  const name = file.path
    .split('/')
    .at(-1)!
    .replace(/\.[cm]?[jt]sx?$/, '');
  return (
    partNamedIn(receiver, others) ??
    // A file that is called as its own part names nobody else.
    (/client|gateway|api|adapter|proxy/i.test(name) && !isCalled(part, name) ? partNamedIn(name, others) : undefined)
  );
}

const hasMeshBreaker = ({ kubernetes }: System, part: Part): boolean =>
  kubernetes.meshBreakers.some((host) => isCalled(part, host));
