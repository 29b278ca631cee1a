import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { ShopProcess } from '../shop/shop-process.ts';
import { replicasOf } from './replica-views.ts';

/** SIGTERM to everybody at once, as a terminal or a platform sends it: each ends by itself, and says that it has. */
export async function endsWhole(shop: ShopProcess): Promise<void> {
  const replicas = await replicasOf(shop);
  const code = await shop.kill('SIGTERM');
  strictEqual(code, 0, shop.output);
  deepStrictEqual(
    replicas.filter(({ pid }) => isAlive(pid)).map(({ replica }) => replica),
    [],
  );
  strictEqual(shop.output.includes('cut off'), false, shop.output);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
