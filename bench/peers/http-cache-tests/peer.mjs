import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { getResults, runTests } from 'http-cache-tests/client/runner.mjs';
import suites from 'http-cache-tests/tests/index.mjs';
import fetch from 'node-fetch';

/** Starts the suite's own server at `port`; `run` asks it everything through the cache at `url`. */
export async function open({ port, directory }) {
  const script = join(import.meta.dirname, 'node_modules', 'http-cache-tests', 'server', 'server.mjs');
  const settings = { npm_config_protocol: 'http', npm_config_port: `${port}`, npm_config_pidfile: `${directory}/pid` };
  const server = spawn(process.execPath, [script], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(server.stdout, 'data');
  server.stdout.resume();
  return {
    async run(url) {
      await runTests(suites, fetch, false, url);
      const results = getResults();
      const tests = suites.flatMap((suite) => suite.tests).filter((one) => one.browser_only !== true);
      return tests.map(({ id, kind = 'required' }) => ({ id, kind, passed: results[id] === true }));
    },
    close: () => server.kill(),
  };
}
