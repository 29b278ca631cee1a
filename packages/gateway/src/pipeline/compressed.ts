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
    const coding = this.#mayCompress(status, headers) ? codingFor(this.exchange) : undefined;
    if (this.#couldVary(headers)) headers.append('vary', 'accept-encoding');
    if (coding) this.#start(coding, headers);
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
    const etag = headers.get('etag');
    // Byte for byte it is another answer now.
    if (etag?.startsWith('"')) headers.set('etag', `W/${etag}`);
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

function codingFor({ request }: Exchange): 'br' | 'gzip' | undefined {
  const accepted = request.headers.get('accept-encoding') ?? '';
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [name = '', ...parameters] = part.trim().toLowerCase().split(';');
      const weight = parameters.map((one) => /^\s*q=([\d.]+)/.exec(one)?.[1]).find((one) => one !== undefined);
      return [name.trim(), Number(weight ?? 1)] as const;
    }),
  );
  return (['br', 'gzip'] as const).find((coding) => (weights.get(coding) ?? 0) > 0);
}
