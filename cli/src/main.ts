import { UsageError } from './configuration.ts';
import { explain } from './explain.ts';
import { up } from './up.ts';

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  up,
  demo: async (args) => (await import('./demo.ts')).demo(args),
  diagram: async (args) => (await import('./diagram.ts')).diagram(args),
};

const HELP = `Usage: ashlar COMMAND [options]

  up      starts the whole system (the same as npm start)
  demo    shops against a running system, and checks that the books balance
  diagram draws a saga as it is defined
  test    runs every test; check: types, style, dead code; soak: the long runs; bench: the figures

ashlar COMMAND --help tells the options of a command.`;

async function main([command = 'help', ...args]: readonly string[]): Promise<number> {
  if (['help', '--help', '-h'].includes(command)) {
    console.log(HELP);
    return 0;
  }
  const run = COMMANDS[command];
  if (!run) throw new UsageError([`There is no command ${command}. ashlar --help tells which there are.`]);
  return run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  for (const line of explain(error)) console.error(line);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
process.exit();
