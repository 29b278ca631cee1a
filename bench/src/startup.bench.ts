import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startEmbeddedPostgres } from '@ashlar/postgres';
import { atEnd, isQuick, measure, workDirectory } from './lifetime.ts';
import { familyOf, type Memory, memoryOf } from './process-usage.ts';
import { circumstances, print, type Table } from './report.ts';
import { type ShopOptions, ShopProcess } from './shop-process.ts';

/** The claim: the whole shop is there in a few seconds, and small while nobody shops. */
const REST_MS = isQuick ? 500 : 10_000;

interface Starts {
  readonly first: number;
  readonly second: number;
}

/** The part of it that is not ours: the embedded server alone. */
async function databaseAlone(): Promise<Starts> {
  const directory = workDirectory();
  const start = async () => {
    const began = performance.now();
    const server = await startEmbeddedPostgres({ directory });
    const tookMs = performance.now() - began;
    await server.stop();
    return tookMs;
  };
  return { first: await start(), second: await start() };
}

async function shopTwice(command: NonNullable<ShopOptions['command']>): Promise<Starts> {
  const data = join(workDirectory(), 'data');
  const start = async () => {
    const shop = await ShopProcess.start({ data, command });
    await shop.stop();
    return shop.startedInMs;
  };
  return { first: await start(), second: await start() };
}

function startsTable(alone: Starts, shops: Readonly<Record<string, Starts>>): Table {
  const seconds = (value: number) => (value / 1_000).toFixed(2);
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const row = (name: string, { first, second }: Starts) => [
    name,
    seconds(first),
    percent(alone.first / first),
    seconds(second),
    percent(alone.second / second),
  ];
  const share = 'PostgreSQL alone takes';
  const head = ['until /readyz answers 200', 'first start, s', share, 'second start, s', share];
  return {
    head,
    rows: [
      row('the embedded PostgreSQL alone', alone),
      ...Object.entries(shops).map(([name, starts]) => row(name, starts)),
    ],
  };
}

/** A Node that does nothing: what nobody can be smaller than. */
async function idleNode(): Promise<Memory | undefined> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  atEnd(() => child.kill());
  await pause(REST_MS / 10);
  const memory = memoryOf([child.pid!]);
  child.kill();
  return memory;
}

async function memoryTable(): Promise<Table> {
  const idle = await idleNode();
  const shop = await ShopProcess.start({ data: join(workDirectory(), 'data') });
  await pause(REST_MS);
  const postgres = familyOf(shop.postgresPid);
  const others = familyOf(shop.pid).filter((pid) => pid !== shop.pid && !postgres.includes(pid));
  const row = (name: string, count: number, memory: Memory | undefined) => [
    name,
    String(count),
    memory?.rssMb.toFixed(0) ?? '–',
    memory?.pssMb.toFixed(0) ?? '–',
    memory && idle ? (memory.pssMb / idle.pssMb).toFixed(1) : '–',
  ];
  const rows = [
    row('a Node that does nothing', 1, idle),
    row('the shop: Node', 1, memoryOf([shop.pid])),
    row('the shop: PostgreSQL', postgres.length, memoryOf(postgres)),
    row('the shop: everything', 1 + postgres.length + others.length, memoryOf([shop.pid, ...postgres, ...others])),
  ];
  await shop.stop();
  const head = [
    `memory at rest, ${REST_MS / 1_000} s after the start`,
    'processes',
    'RSS, MB',
    'PSS, MB',
    '× idle Node',
  ];
  return { head, rows };
}

await measure(async () => {
  console.error('  startup: PostgreSQL alone');
  const alone = await databaseAlone();
  const shops: Record<string, Starts> = {};
  for (const command of ['main.js up', 'npm start'] as const) {
    console.error(`  startup: ${command}, twice`);
    shops[command] = await shopTwice(command);
  }
  console.error('  startup: memory');
  const memory = await memoryTable();
  print('Starting, and resting', {
    tables: [startsTable(alone, shops), memory],
    notes: [
      circumstances({}),
      [
        'Installed and built already. The first start makes its data, six databases and the demo',
        'catalogue; the second finds them.',
      ].join(' '),
      'RSS counts pages that processes share once for each of them; PSS does not: its sum is what the system takes.',
    ],
  });
});
