import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShopApi } from '@ashlar/cli';
import { dropNatsNamespace } from '@ashlar/messaging-nats';
import { dropNamespace, freePort, provisionDatabase } from '@ashlar/postgres';
import { dropRedisNamespace } from '@ashlar/projection-redis';
import { type Sandbox, type SandboxReport, startSandbox } from '@ashlar/sandbox';
import type { Elsewhere } from '../replicas/own-server.ts';
import { SERVICES, type ServiceName } from '../shop/databases.ts';
import type { Shop } from '../shop/shop.ts';
import { ShopFront } from '../shop/shop-front.ts';
import { Balancer } from './balancer.ts';
import { Part } from './part.ts';

export interface ClusterOptions {
  /** More than one stand behind HAProxy. */
  readonly gateways: number;
  /** How many of a service; one when not told. */
  readonly replicas?: Partial<Record<ServiceName, number>>;
  readonly servers: Servers;
  /** Where a replica runs, when that is not beside everybody else. */
  readonly place?: (service: ServiceName, number: number) => Elsewhere | undefined;
}

/** What everybody leans on; the database's address is its administrator's. */
export interface Servers {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** Where the card processor and the carrier are heard. */
  readonly host?: string;
}

const ADMIN = { email: 'admin@ashlar.local', password: 'correct horse battery' };

/** The whole system as a platform runs it: a process for each part, which knows its environment and nothing else. */
export class Cluster extends ShopFront implements Shop {
  readonly directory: string;
  readonly databaseUrl: string;

  private constructor(
    private readonly ground: Ground,
    readonly services: readonly Part[],
    readonly gateways: readonly Part[],
    /** `undefined` before a single gateway. */
    readonly balancer: Balancer | undefined,
  ) {
    super(balancer?.url ?? gateways[0]!.url, ground.directory);
    this.directory = ground.directory;
    this.databaseUrl = ground.options.servers.databaseUrl;
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const directory = mkdtempSync(join(tmpdir(), 'ashlar-cluster-'));
    const namespace = randomBytes(5).toString('hex');
    writeFileSync(join(directory, 'namespace'), namespace);
    writeFileSync(join(directory, 'admin.json'), JSON.stringify(ADMIN));
    const keys = new GatewayKeys(directory);
    keys.make();
    const sandbox = await startSandbox({ directory: join(directory, 'sandbox'), ...heardAt(options.servers) });
    const ground: Ground = { options, namespace, directory, sandbox };
    const services = await Promise.all(SERVICES.map((service) => partsOf(service, ground)));
    const gateways = await gatewaysOf(services, ground);
    const all = [...services.flat(), ...gateways];
    for (const part of all) part.start();
    const ready = Promise.all(all.map((part) => part.ready()));
    try {
      await ready;
      const balancer = gateways.length > 1 ? await balancerOf(gateways, directory) : undefined;
      return new Cluster(ground, services.flat(), gateways, balancer);
    } catch (error) {
      await Promise.all([...all.map((part) => part.end('SIGKILL')), sandbox.stop()]);
      throw error;
    }
  }

  /** The clients of one gateway alone. */
  throughGateway(number: number): ShopApi {
    return new ShopApi(this.gateways[number]!.url);
  }

  of(service: ServiceName): readonly Part[] {
    return this.services.filter(({ part }) => part === service);
  }

  get keys(): GatewayKeys {
    return new GatewayKeys(this.directory);
  }

  outside(): SandboxReport {
    return this.ground.sandbox.read();
  }

  async stop(): Promise<void> {
    await this.close();
    await this.balancer?.stop();
    for (const parts of [this.gateways, this.services]) await Promise.all(parts.map((part) => part.end('SIGTERM')));
    const { sandbox, namespace, options } = this.ground;
    await sandbox.stop();
    const { natsUrl, redisUrl, databaseUrl } = options.servers;
    await dropNatsNamespace({ url: natsUrl, namespace });
    await dropRedisNamespace({ url: redisUrl, namespace });
    await dropNamespace({ adminUrl: databaseUrl, namespace });
    rmSync(this.directory, { recursive: true, force: true });
  }
}

interface Ground {
  readonly options: ClusterOptions;
  readonly namespace: string;
  readonly directory: string;
  readonly sandbox: Sandbox;
}

const heardAt = ({ host }: Servers) =>
  host === undefined ? {} : { address: { host, cardProcessorPort: 0, carrierPort: 0 } };

async function partsOf(service: ServiceName, ground: Ground): Promise<Part[]> {
  const { options, namespace, directory, sandbox } = ground;
  const { databaseUrl: adminUrl, natsUrl, redisUrl } = options.servers;
  const password = 'a password of the test';
  const environment = {
    DATABASE_URL: await provisionDatabase({ adminUrl, namespace, service, password }),
    GATEWAY_KEYS_FILE: new GatewayKeys(directory).publicFile,
    ...{ NATS_URL: natsUrl, REDIS_URL: redisUrl, NAMESPACE: namespace, ADMIN_PASSWORD: ADMIN.password },
    ...{ CARD_PROCESSOR_URL: sandbox.cardProcessorUrl, CARRIER_URL: sandbox.carrierUrl },
  };
  const numbers = Array.from({ length: options.replicas?.[service] ?? 1 }, (_, at) => at + 1);
  return Promise.all(
    numbers.map(async (number) => {
      const elsewhere = options.place?.(service, number);
      const place = { host: elsewhere?.address ?? '127.0.0.1', port: await freePort('0.0.0.0'), elsewhere };
      return new Part(service, `${service}-${number}`, place, environment);
    }),
  );
}

async function gatewaysOf(services: readonly (readonly Part[])[], { options, namespace, directory }: Ground) {
  const port = await freePort('0.0.0.0');
  const environment = {
    ...Object.fromEntries(
      services.map((replicas) => [`${replicas[0]!.part.toUpperCase()}_URL`, replicas.map(({ url }) => url).join()]),
    ),
    GATEWAY_KEY_FILE: new GatewayKeys(directory).privateFile,
    NAMESPACE: namespace,
    REDIS_URL: options.servers.redisUrl,
    RATE_LIMIT_FACTOR: '1000',
    TRUSTED_PROXIES: '127.0.0.0/8',
  };
  // Each has an address of its own, and all have the same port, as containers have.
  return Array.from(
    { length: options.gateways },
    (_, at) => new Part('gateway', `gateway-${at + 1}`, { host: `127.0.0.${at + 2}`, port }, environment),
  );
}

function balancerOf(gateways: readonly Part[], directory: string): Promise<Balancer> {
  const urls = gateways.map(({ url }) => new URL(url));
  const gatewayPort = Number(urls[0]!.port);
  return Balancer.start({ directory, addresses: urls.map(({ hostname }) => hostname), gatewayPort });
}

/** The keys by which services know the gateways, in files, as an operator keeps them. */
class GatewayKeys {
  readonly privateFile: string;
  readonly publicFile: string;

  constructor(directory: string) {
    this.privateFile = join(directory, 'private.pem');
    this.publicFile = join(directory, 'public.pem');
  }

  make(): void {
    const { told, secret } = aKey();
    writeFileSync(this.publicFile, told);
    writeFileSync(this.privateFile, secret);
  }

  /** The first two steps of a change; the third one, which forgets the old key, is left to the operator. */
  announce(): { readonly use: () => void; readonly forgetOthers: () => void } {
    const { told, secret } = aKey();
    appendFileSync(this.publicFile, told);
    return {
      use: () => writeFileSync(this.privateFile, secret),
      forgetOthers: () => writeFileSync(this.publicFile, told),
    };
  }
}

function aKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    told: publicKey.export({ type: 'spki', format: 'pem' }),
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}
