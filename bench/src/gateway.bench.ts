import { execFile, fork, spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { atEnd, isQuick, measure, workDirectory } from './lifetime.ts';
import { peerDirectory } from './peers.ts';
import { cpuMs, memoryOf } from './process-usage.ts';
import { circumstances, figure, print } from './report.ts';

/** The claim: beside nginx on the same core the gateway proxies at 0.55 of it, and answers from its cache faster. */
const SECONDS = isQuick ? 1 : 4;
const ROUNDS = isQuick ? 1 : 5;
const CONNECTIONS = 50;
const START_WITHIN_MS = 20_000;
const IDLE = isQuick ? 100 : 10_000;
const PORTS = { service: 19_400, gateway: 19_401, nginx: 19_402, peer: 19_403 };
const NODE_PEERS = ['@fastify/http-proxy', 'fast-gateway', 'http-proxy'];
const run = promisify(execFile);
/** Its workers have to reach the directory of this measurement. */
const asUser = process.getuid?.() === 0 ? 'user root; ' : '';

function nginxConfig(directory: string): string {
  const proxy = 'proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";';
  return `${asUser}daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000;
  upstream service { server 127.0.0.1:${PORTS.service}; keepalive 128; keepalive_requests 1000000000; }
  proxy_cache_path ${directory}/cache keys_zone=answers:10m;
  server { listen 127.0.0.1:${PORTS.nginx}; location / { ${proxy} }
    location /cached { ${proxy} proxy_cache answers; proxy_cache_valid 200 10m; } }
}`;
}

function serviceConfig(directory: string): string {
  const body = JSON.stringify({ data: 'x'.repeat(1_012) });
  return `${asUser}daemon off; worker_processes 1; pid ${directory}/service.pid; error_log ${directory}/service.log;
events { worker_connections 16384; }
http { access_log off; keepalive_requests 1000000000; default_type application/json;
  server { listen 127.0.0.1:${PORTS.service};
    location / { add_header Cache-Control "max-age=600"; return 200 '${body}'; } }
}`;
}

function haproxyConfig(): string {
  return `global
  nbthread 1
  maxconn 2000
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
cache answers
  total-max-size 16
  max-age 600
frontend front
  bind 127.0.0.1:${PORTS.peer}
  use_backend cached if { path /cached }
  default_backend service
backend service
  server one 127.0.0.1:${PORTS.service}
backend cached
  http-request cache-use answers
  http-response cache-store answers
  server one 127.0.0.1:${PORTS.service}
`;
}

/** Starts one on the gateway's core; its end is waited for, since all have one port. */
async function besides(command: string, args: readonly string[], work: (pid: number) => Promise<void>): Promise<void> {
  const child = spawn('taskset', ['-c', '0', command, ...args], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ended = once(child, 'exit');
  atEnd(() => void child.kill('SIGKILL'));
  try {
    await listening(PORTS.peer);
    await work(child.pid!);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Others in pairs with nginx like the gateway: plain proxying, and the cached hit of HAProxy. */
async function peerRows(nginx: number): Promise<string[][]> {
  const rows: string[][] = [];
  const row =
    (name: string, path = '/bare') =>
    async (pid: number) => {
      const theirs = { port: PORTS.peer, pid, path };
      rows.push(rowOf(name, await pairs({ port: PORTS.nginx, pid: nginx, path }, theirs)));
    };
  const config = join(workDirectory(), 'haproxy.cfg');
  writeFileSync(config, haproxyConfig());
  await besides('haproxy', ['-db', '-f', config], async (pid) => {
    await row('HAProxy')(pid);
    await row('HAProxy, cached 1 KB hit', '/cached')(pid);
    const { headers } = await fetch(`http://127.0.0.1:${PORTS.peer}/cached`);
    if (!headers.has('age')) throw new Error('HAProxy has answered nothing from its cache.');
  });
  const directory = await peerDirectory('node-gateways');
  for (const name of NODE_PEERS) {
    const args = [join(directory, 'serve.mjs'), name, `http://127.0.0.1:${PORTS.service}`, String(PORTS.peer)];
    await besides(process.execPath, args, row(name));
  }
  return rows;
}

async function startNginx(name: string, config: string, port: number): Promise<number> {
  const directory = workDirectory();
  const file = join(directory, `${name}.conf`);
  writeFileSync(file, config);
  const child = spawn('taskset', ['-c', name === 'service' ? '1' : '0', 'nginx', '-c', file], { stdio: 'ignore' });
  atEnd(() => void child.kill());
  await listening(port);
  return child.pid!;
}

async function listening(port: number): Promise<void> {
  const giveUpAt = performance.now() + START_WITHIN_MS;
  while (performance.now() < giveUpAt) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await pause(50);
  }
  throw new Error(`Nobody listens at ${port}.`);
}

interface Measured {
  readonly perCpuSecond: number;
  readonly p99: string;
}

interface Target {
  readonly port: number;
  readonly pid: number;
  readonly path: string;
  readonly token?: string;
}

async function load({ port, pid, path, token = '' }: Target): Promise<Measured> {
  const url = `http://127.0.0.1:${port}${path}`;
  const headers = token === '' ? [] : ['-H', `Authorization: Bearer ${token}`];
  const wrk = (seconds: number) =>
    run('taskset', ['-c', '1', 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}`, '--latency', ...headers, url]);
  const before = cpuMs(pid) ?? Number.NaN;
  const { stdout } = await wrk(SECONDS);
  const spentMs = (cpuMs(pid) ?? Number.NaN) - before;
  if (/Non-2xx/.test(stdout)) throw new Error(`${url} was refused.`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  return { perCpuSecond: (requests / spentMs) * 1_000, p99: /^\s+99%\s+(\S+)/m.exec(stdout)?.[1] ?? '–' };
}

function anIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'u1', scope: 'read', exp: Math.floor(performance.timeOrigin / 1_000) + 36_000 };
  const text = `${part({ alg: 'ES256', kid: 'k' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }];
  return { token: `${text}.${signature.toString('base64url')}`, jwks: JSON.stringify({ keys }) };
}

async function startGateway(jwks: string): Promise<number> {
  const script = join(import.meta.dirname, 'gateway-under-test.js');
  const child = fork(script, [`http://127.0.0.1:${PORTS.service}`, String(PORTS.gateway), jwks]);
  atEnd(() => void child.kill());
  await once(child, 'message');
  await run('taskset', ['-a', '-p', '-c', '0', String(child.pid)]);
  return child.pid!;
}

async function idleMemory(pid: number): Promise<string> {
  const before = memoryOf([pid])?.rssMb ?? Number.NaN;
  const sockets: Socket[] = [];
  for (let count = 0; count < IDLE; count++) {
    const socket = connect(PORTS.gateway, '127.0.0.1');
    await once(socket, 'connect');
    sockets.push(socket);
  }
  const after = memoryOf([pid])?.rssMb ?? Number.NaN;
  for (const socket of sockets) socket.destroy();
  return `${figure(IDLE)} idle connections: ${figure(before)} → ${figure(after)} MB`;
}

interface Round {
  readonly theirs: Measured;
  readonly ours: Measured;
}

async function pairs(nginx: Target, other: Target): Promise<Round[]> {
  // What runs for the first time is compiled meanwhile.
  await load(other);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push({ theirs: await load(nginx), ours: await load(other) });
  return rounds;
}

/** Of the round in the middle, with the lowest and the highest ratio: both were measured one right after the other. */
function rowOf(what: string, rounds: readonly Round[]): string[] {
  const ratio = ({ theirs, ours }: Round): number => ours.perCpuSecond / theirs.perCpuSecond;
  const sorted = rounds.toSorted((one, other) => ratio(one) - ratio(other));
  const { theirs, ours } = sorted[sorted.length >> 1]!;
  const [least, middle, most] = [sorted[0]!, { theirs, ours }, sorted.at(-1)!].map((round) => ratio(round).toFixed(2));
  const spread = `${middle} (${least}–${most})`;
  return [what, figure(theirs.perCpuSecond), figure(ours.perCpuSecond), spread, theirs.p99, ours.p99];
}

await measure(async () => {
  const { token, jwks } = anIssuer();
  const directory = workDirectory();
  await startNginx('service', serviceConfig(directory), PORTS.service);
  const nginx = await startNginx('nginx', nginxConfig(directory), PORTS.nginx);
  const gateway = await startGateway(jwks);
  const rows: string[][] = [];
  for (const [what, path] of [
    ['plain proxying', '/bare'],
    ['token, scope, limit, headers', '/policies'],
    ['cached 1 KB hit', '/cached'],
  ] as const) {
    const gatewayAt = { port: PORTS.gateway, pid: gateway, path, token: path === '/policies' ? token : '' };
    rows.push(rowOf(what, await pairs({ port: PORTS.nginx, pid: nginx, path }, gatewayAt)));
  }
  const memory = await idleMemory(gateway);
  const others = await peerRows(nginx);
  print('The gateway beside nginx', {
    tables: [
      { head: ['requests per CPU-second', 'nginx', 'gateway', 'ratio', 'p99 nginx', 'p99 gateway'], rows },
      { head: ['others: plain proxying by', 'nginx', 'it', 'ratio', 'p99 nginx', 'p99 of it'], rows: others },
    ],
    notes: [memory, `${CONNECTIONS} connections, ${ROUNDS} pairs of ${SECONDS} s, one core each`, circumstances({})],
  });
});
