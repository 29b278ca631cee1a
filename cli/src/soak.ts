import { findTests, runTests } from './test-run.ts';

const HELP = `Usage: npm run soak -- [PART…]

Runs the long tests, or those of the files whose path contains one of the PARTs: npm run soak -- chaos.`;

const ALL = 'test/dist/soak/**/*.test.js';
const BY_THE_CLOCK = 'test/dist/soak/by-the-clock/**/*.test.js';
const only = process.argv.slice(2);
/** What promises something within so many seconds has the machine for itself. */
const rounds = [
  { files: [ALL], exclude: [BY_THE_CLOCK], only, atOnce: 2, inMemory: true },
  { files: [BY_THE_CLOCK], only, atOnce: 1 },
];

async function soak(): Promise<void> {
  const wanted = rounds.filter((round) => findTests(round).length > 0);
  for (const round of wanted.length > 0 ? wanted : rounds.slice(0, 1)) {
    const code = await runTests(round);
    process.exitCode = Math.max(code, Number(process.exitCode ?? 0));
    if (code === 130) break;
  }
}

if (only.includes('--help') || only.includes('-h')) console.log(HELP);
else await soak();
