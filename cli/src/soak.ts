import { runTests } from './test-run.ts';

process.exitCode = await runTests({ files: ['test/dist/soak/**/*.test.js'], only: process.argv.slice(2), atOnce: 2 });
