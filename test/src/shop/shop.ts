import type { ShopApi } from '@ashlar/cli';
import type { Member } from './member.ts';

export type SagaStyle = 'orchestration' | 'choreography';

export const STYLES: readonly SagaStyle[] = ['orchestration', 'choreography'];

/** A running system, as tests meet it. */
export interface Shop {
  readonly api: ShopApi;
  readonly directory: string;
  /** The administrator's address of its database server, where that is not one of its own. */
  readonly databaseUrl: string | undefined;
  admin(): Promise<Member>;
  stop(): Promise<void>;
}
