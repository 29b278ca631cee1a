import { runTests } from './test-run.ts';

process.exitCode = await runTests({
  files: ['{packages/*,contracts,services/*,gateway,sandbox,doctor,cli,test}/dist/**/*.test.js'],
  exclude: ['test/dist/soak/**'],
  only: process.argv.slice(2),
  timeoutMs: 600_000,
});
