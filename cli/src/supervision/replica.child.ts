import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SupervisorChannel } from './supervisor-channel.ts';
import { takeLeave } from './take-leave.ts';

// A replica that does nothing but what every replica does: it listens, begins, drains and ends as it is told.

const channel = new SupervisorChannel(() => process.exit(1));
const { settings } = await channel.start;
if (process.env['FAILING']?.split(' ').includes(settings.replica)) {
  await channel.report({ type: 'failed', lines: [`ashlar: ${settings.replica} cannot start.`] });
  process.exit(1);
}
const { STUMBLES = '' } = process.env;
if (STUMBLES.endsWith(`/${settings.replica}`) && !existsSync(STUMBLES)) {
  writeFileSync(STUMBLES, '');
  process.exit(1);
}
const server = createServer((_request, response) => {
  response.end(JSON.stringify({ hasBegun, keyServers: channel.keyServers, dead }));
});
const dead: string[] = [];
channel.onDied = (replica) => void dead.push(replica);
let hasBegun = false;
void channel.askedToEnd.then(() => hasBegun || process.exit(0));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
await channel.report({ type: 'listening', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
await channel.begin;
hasBegun = true;
await channel.report({ type: 'ready' });
await channel.askedToEnd;
await takeLeave({ startDraining: () => {}, stop: async () => {} }, channel);
process.exit(0);
