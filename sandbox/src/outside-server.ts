import { setTimeout as pause } from 'node:timers/promises';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyReply } from 'fastify';
import type { FaultInjector, Strike } from './faults.ts';

const GARBAGE = Buffer.from([0x3c, 0x00, 0xff, 0xfe, 0x7b, 0x22, 0x0a]);

/** A server of the outside world. The faults strike its requests before or after its routes have done their work. */
export function createOutsideServer(faults: FaultInjector, stopping: AbortSignal) {
  const http = Fastify({ forceCloseConnections: true, ajv: { customOptions: { removeAdditional: false } } });
  const struckAfterwards = new WeakMap<object, Strike>();

  http.addHook('preHandler', async (request, reply) => {
    const strike = faults.next();
    if (!strike) return;
    if (strike.mode !== 'errors' && strike.afterwards) {
      struckAfterwards.set(request.raw, strike);
    } else if (strike.mode === 'errors') {
      return reply.code(strike.status).send({ code: 'out_of_order' });
    } else if (strike.mode === 'slow') {
      await delay(strike.delayMs, stopping);
    } else if (strike.mode === 'reset') {
      hangUp(reply);
    } else {
      return speakGarbage(reply).send(GARBAGE);
    }
  });

  http.addHook('onSend', async (request, reply, payload) => {
    const strike = struckAfterwards.get(request.raw);
    if (!strike) return payload;
    if (strike.mode === 'slow') await delay(strike.delayMs, stopping);
    if (strike.mode === 'reset') reply.raw.destroy();
    if (strike.mode !== 'garbage') return payload;
    speakGarbage(reply);
    return GARBAGE;
  });

  return http.withTypeProvider<TypeBoxTypeProvider>();
}

export type OutsideServer = ReturnType<typeof createOutsideServer>;

/** Waits, unless the sandbox is stopped meanwhile: then nothing more is done. */
export async function delay(ms: number, stopping: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal: stopping, ref: false });
}

function hangUp(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.destroy();
}

const speakGarbage = (reply: FastifyReply): FastifyReply => reply.code(200).header('content-type', 'application/json');
