import { createTelemetry, currentContext, formatTraceparent } from '@ashlar/telemetry';

const { log, tracing } = createTelemetry({ service: 'order', logLevel: 'info' });

await tracing.span({ name: 'place order', kind: 'server' }, async () => {
  log.info({ cardToken: 'tok_secret', orderId: '42' }, 'An order was placed.');
  const traceparent = formatTraceparent(currentContext()!.trace);
  console.log(`tell the next one: ${traceparent}`);
});
