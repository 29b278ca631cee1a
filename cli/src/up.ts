import { readConfiguration, usage } from './configuration.ts';
import { onStop } from './parent.ts';
import { type System, startSystem } from './system.ts';

/** `ashlar up`: the whole system, until it is told to stop. */
export async function up(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage());
    return 0;
  }
  const configuration = readConfiguration(args, process.env);
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  onStop(() => resolve());
  const begun = performance.now();
  const system = await Promise.race([startSystem(configuration, { onProgress: step }), asked]);
  if (!system) return 0;
  console.log(table(system, Math.round(performance.now() - begun)));
  await asked;
  console.log('Stopping: no new requests are accepted; running work is finished.');
  await system.stop();
  return 0;
}

const step = (line: string): void => console.log(`  ${line} …`);

function table({ url, running, administrator, dataDirectory, gateway }: System, ms: number): string {
  const rows = [
    ['shop', url],
    ...running().map(({ service, replicas }) => [service, replicas.map((replica) => replica.url).join(' ')]),
    ['metrics', gateway.metricsUrl],
    ['data', dataDirectory],
    ['admin', administrator.told],
  ];
  const lines = rows.map(([name, value]) => `  ${name!.padEnd(10)} ${value}`);
  return [`\nAshlar is up (${ms} ms). Ctrl-C stops it.\n`, ...lines, ''].join('\n');
}
