import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import pg from 'pg';

const START_WITHIN_MS = 60_000;

/** Opens sagas of four steps; `SagaPeer` in `bench/src/peers.ts` says what it answers. The journal is the server's. */
export async function open({ url, directory, connections, insert, remove }) {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  pool.on('error', () => {});
  const query = async (name, text, values) => void (await pool.query({ name, text, values }));
  const saga = restate.service({
    name: 'saga',
    handlers: {
      async carryOut(context, { id, refused }) {
        const done = [];
        for (const step of [1, 2, 3, 4]) {
          if (step === refused) break;
          await context.run(`do ${step}`, () => query('do', insert, [id, step]));
          done.unshift(step);
        }
        if (refused === undefined) return;
        for (const step of done) await context.run(`undo ${step}`, () => query('undo', remove, [id, step]));
      },
    },
  });
  const service = createHttp2Server(restate.createEndpointHandler({ services: [saga], logger: () => {} }));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const server = await startServer(directory);
  await register(server.admin, `http://127.0.0.1:${service.address().port}`);
  const client = clients.connect({ url: server.ingress }).serviceClient(saga);
  return {
    run: (id, refused) => client.carryOut({ id, refused }, clients.rpc.opts({ idempotencyKey: id })),
    async close() {
      await server.stop();
      service.close();
      await pool.end();
    },
  };
}

/** Its own binary with its own settings: the log and the state are on the disk that PostgreSQL has, fsync is on. */
async function startServer(directory) {
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  const address = (port) => `127.0.0.1:${port}`;
  const env = {
    ...process.env,
    RESTATE_NODE_NAME: 'bench',
    RESTATE_BASE_DIR: join(directory, 'restate'),
    RESTATE_BIND_ADDRESS: address(node),
    RESTATE_ADVERTISED_ADDRESS: `http://${address(node)}`,
    RESTATE_INGRESS__BIND_ADDRESS: address(ingress),
    RESTATE_ADMIN__BIND_ADDRESS: address(admin),
    DO_NOT_TRACK: '1',
    RESTATE_DISABLE_TELEMETRY: 'true',
  };
  const log = createWriteStream(join(directory, 'restate.log'));
  const child = spawn(binary(), [], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    log.end();
  };
  return { ingress: `http://${address(ingress)}`, admin: `http://${address(admin)}`, stop };
}

const binary = () => {
  const server = createRequire(createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json'));
  return server.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`);
};

async function register(admin, uri) {
  const began = performance.now();
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ uri }) };
  for (;;) {
    const answer = await fetch(`${admin}/deployments`, request).catch(() => undefined);
    if (answer?.ok) return;
    if (performance.now() - began > START_WITHIN_MS) throw new Error(`Restate did not start: ${await answer?.text()}`);
    await pause(50);
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
