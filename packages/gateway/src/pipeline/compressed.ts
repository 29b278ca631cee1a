import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import type { Exchange } from '../exchange.ts';
import { isLocal } from '../routing/route.ts';
import type { HeaderList } from '../wire/header-list.ts';
import { Passing } from '../wire/passing.ts';
import type { Middleware } from './middleware.ts';

/** Compresses what gets smaller by it, for clients that can read it. */
export const compressed: Middleware = (exchange, next) => {
  const { route } = exchange;
  if (route && !isLocal(route) && route.compress) exchange.sink = new Compressing(exchange);
  return next(exchange);
};

const COMPRESSIBLE = /^(?:text\/|application\/(?:json|javascript|xml|problem\+json|[\w.-]+\+(?:json|xml))|image\/svg)/;
const LEAST_BYTES = 1_024;
const QUALITY = 4;

type Compressor = ReturnType<typeof createGzip> | ReturnType<typeof createBrotliCompress>;

class Compressing extends Passing {
  #compressor: Compressor | undefined;

  constructor(private readonly exchange: Exchange) {
    super(exchange.sink);
  }

  override begin(status: number, headers: HeaderList): void {
    const coding = codingFor(this.exchange);
    if (status === 304 || this.#couldVary(headers)) headers.append('vary', 'accept-encoding');
    if (coding && status === 304) weaken(headers);
    if (coding && this.#mayCompress(status, headers)) this.#start(coding, headers);
    super.begin(status, headers);
  }

  override write(content: Buffer): boolean {
    return this.#compressor ? this.#compressor.write(Buffer.from(content)) : super.write(content);
  }

  override flush(): void {
    if (this.#compressor) this.#compressor.flush();
    super.flush();
  }

  override whenDrained(resume: () => void): void {
    if (this.#compressor) this.#compressor.once('drain', resume);
    else super.whenDrained(resume);
  }

  override end(): void {
    if (this.#compressor) this.#compressor.end();
    else super.end();
  }

  override abort(): void {
    this.#compressor?.destroy();
    super.abort();
  }

  #couldVary(headers: HeaderList): boolean {
    return COMPRESSIBLE.test(headers.get('content-type') ?? '') && !headers.has('content-encoding');
  }

  #mayCompress(status: number, headers: HeaderList): boolean {
    if (status < 200 || status === 204 || status === 206 || status === 304) return false;
    if (this.exchange.method === 'HEAD' || headers.get('cache-control')?.includes('no-transform')) return false;
    const length = headers.get('content-length');
    return this.#couldVary(headers) && (length === undefined || Number(length) >= LEAST_BYTES);
  }

  #start(coding: 'br' | 'gzip', headers: HeaderList): void {
    headers.delete('content-length');
    headers.append('content-encoding', coding);
    weaken(headers);
    const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
    const compressor: Compressor = coding === 'br' ? createBrotliCompress({ params }) : createGzip({ level: QUALITY });
    this.#compressor = compressor;
    compressor.on('data', (bytes: Buffer) => {
      if (super.write(bytes)) return;
      compressor.pause();
      super.whenDrained(() => compressor.resume());
    });
    compressor.on('end', () => super.end());
    compressor.on('error', () => super.abort());
    this.exchange.response.onceDone(() => compressor.destroy());
  }
}

/** Byte for byte it is another answer now; a 304 is about the one that the client has. */
function weaken(headers: HeaderList): void {
  const etag = headers.get('etag');
  if (etag?.startsWith('"')) headers.set('etag', `W/${etag}`);
}

/** The one that the client likes best, if it likes it as much as the text itself (RFC 9110, section 12.5.3). */
function codingFor({ request }: Exchange): 'br' | 'gzip' | undefined {
  const accepted = request.headers.get('accept-encoding') ?? '';
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [name = '', ...parameters] = part.trim().toLowerCase().split(';');
      const weight = parameters.map((one) => /^\s*q=([\d.]+)/.exec(one)?.[1]).find((one) => one !== undefined);
      return [name.trim(), Number(weight ?? 1)] as const;
    }),
  );
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0;
  const best = weightOf('br') >= weightOf('gzip') ? 'br' : 'gzip';
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : undefined;
}
