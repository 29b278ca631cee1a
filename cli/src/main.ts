import { explain } from './explain.ts';
import { UsageError } from './settings.ts';
import { VERSION } from './version.ts';

const operate = (name: string) => async (args: readonly string[]) =>
  (await import('./operations/operations.ts')).operate(name, args, {
    environment: process.env,
    print: console.log,
    tell: console.error,
  });

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  up: async (args) => (await import('./up.ts')).up(args),
  new: async (args) => (await import('./new.ts')).newService(args),
  demo: async (args) => (await import('./demo.ts')).demo(args),
  contracts: async (args) => (await import('./contracts.ts')).contracts(args),
  services: operate('services'),
  scale: operate('scale'),
  restart: operate('restart'),
  sagas: operate('sagas'),
  'dead-letters': operate('dead-letters'),
  projections: operate('projections'),
  events: operate('events'),
  serve: async (args) => (await import('./serve/serve.ts')).serve(args),
  gateway: async (args) => (await import('./gateway.ts')).gateway(args),
  doctor: async (args) => (await import('./doctor.ts')).doctor(args),
  diagram: async (args) => (await import('./diagram.ts')).diagram(args),
};

const HELP = `Usage: ashlar COMMAND [options]

  up            starts the whole system (the same as npm start)
  new           creates a service of your own: ashlar new service NAME
  demo          simulates customers of a running system, and checks that the books balance
  services      lists every replica of a running system, with its process and state
  scale         changes the number of replicas of a service
  restart       replaces the replicas of a running system, one at a time
  sagas         lists the sagas of a running system; retries one that is stuck
  dead-letters  lists the messages that could not be handled; replays or discards them
  projections   lists the read models; rebuilds one
  events        lists the messages of one business transaction; republishes, archives
  serve         runs one process of a cluster: a service, the gateway or the sandbox
  gateway       runs the gateway on its own, from a configuration file
  diagram       draws a saga, or which service publishes and consumes what
  contracts     compares the services' messages and HTTP APIs with what was recorded
  doctor        judges the architecture of a repository, from traces, or of a running system
  example       runs the example of a package: ashlar example saga
  test          runs every test (npm test; likewise npm run check, soak, simulate, bench)

ashlar COMMAND --help lists the options of a command; ashlar --version tells the version.`;

async function main([command = 'help', ...args]: readonly string[]): Promise<number> {
  if (['help', '--help', '-h'].includes(command)) {
    console.log(HELP);
    return 0;
  }
  if (['version', '--version', '-v'].includes(command)) {
    console.log(VERSION);
    return 0;
  }
  const run = COMMANDS[command];
  if (!run) throw new UsageError([`There is no command ${command}. ashlar --help lists them.`]);
  return run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  for (const line of explain(error)) console.error(line);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
process.exit();
