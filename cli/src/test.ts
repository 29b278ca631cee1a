import { runTests } from './test-run.ts';

process.exitCode = await runTests({
  files: ['{packages/*,contracts,services/*,gateway,sandbox,cli,test}/dist/**/*.test.js'],
  exclude: ['test/dist/soak/**'],
  only: process.argv.slice(2),
  timeoutMs: 180_000,
});
