import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration, type System, type SystemHooks, startSystem } from '@ashlar/cli';
import { dropNamespace } from '@ashlar/postgres';
import { namespaceOf } from './databases.ts';
import type { SagaStyle, Shop } from './shop.ts';
import { ShopFront } from './shop-front.ts';

/** The whole system inside the test, with its hooks in reach. */
export class ShopInProcess extends ShopFront implements Shop {
  readonly databaseUrl = process.env['TEST_DATABASE_URL'];

  private constructor(
    readonly system: System,
    readonly directory: string,
  ) {
    super(system.url, directory);
  }

  static async start(saga: SagaStyle, hooks: SystemHooks = {}): Promise<ShopInProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'ashlar-shop-'));
    chmodSync(directory, 0o755);
    const args = ['--port', '0', '--data', directory, '--saga', saga, '--seed', 'none', '--log-level', 'silent'];
    const { TEST_DATABASE_URL: DATABASE_URL } = process.env;
    const environment = { RATE_LIMIT_FACTOR: '1000', ...(DATABASE_URL && { DATABASE_URL }) };
    const system = await startSystem(readConfiguration(args, environment), hooks);
    return new ShopInProcess(system, directory);
  }

  async stop(): Promise<void> {
    await this.close();
    await this.system.stop();
    const namespace = namespaceOf(this.directory);
    if (this.databaseUrl) await dropNamespace({ adminUrl: this.databaseUrl, namespace });
    rmSync(this.directory, { recursive: true, force: true });
  }
}
