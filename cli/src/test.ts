import { runTests } from './test-run.ts';

const HELP = `Usage: npm test -- [PART…]

Runs every test, or those of the files whose path contains one of the PARTs: npm test -- saga.
PostgreSQL is provided. Tests that need NATS, Redis or another server are skipped where there is none; with
REQUIRE_SERVICES=1 they fail.`;

const only = process.argv.slice(2);

if (only.includes('--help') || only.includes('-h')) console.log(HELP);
else
  process.exitCode = await runTests({
    files: ['{packages/*,contracts,services/*,gateway,sandbox,doctor,cli,test}/dist/**/*.test.js'],
    exclude: ['test/dist/soak/**'],
    only,
    timeoutMs: 600_000,
    inMemory: true,
  });
