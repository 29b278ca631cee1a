import { exampleConfig, gatewayFromConfig } from '@ashlar/gateway';
import { createTelemetry } from '@ashlar/telemetry';
import { atEnd, measure, workDirectory } from './lifetime.ts';
import { openPeer } from './peers.ts';
import { circumstances, print } from './report.ts';

/** The claim: the gateway's cache is one by the public suite of HTTP caches; what it fails is named. */
const PORT = 19_410;

await measure(async () => {
  const suite = await openPeer('http-cache-tests', async () => ({ port: PORT, directory: workDirectory() }));
  if (!suite.opened) throw new Error(`${suite.title}: ${suite.missing}`);
  const gateway = gatewayFromConfig(exampleConfig(`http://127.0.0.1:${PORT}`, 0), {
    telemetry: createTelemetry({ service: 'gateway', logLevel: 'silent', remembers: false }),
    file: '',
  });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  atEnd(() => gateway.close());
  const results = await suite.opened.run(gateway.url);
  const rows = ['required', 'optimal'].map((kind) => {
    const ofKind = results.filter((one) => one.kind === kind);
    const failed = ofKind.filter(({ passed }) => !passed).map(({ id }) => id);
    return [kind, `${ofKind.length - failed.length} of ${ofKind.length}`, failed.join(', ')];
  });
  print('The public suite of HTTP caches', {
    tables: [{ head: ['tests', 'passed', 'failed'], rows }],
    notes: [suite.title, circumstances({})],
  });
});
