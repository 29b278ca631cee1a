import type { ShopApi } from '@ashlar/cli';
import type { Member } from './member.ts';
import type { SandboxView } from './outside-faults.ts';

export type SagaStyle = 'orchestration' | 'choreography';

export const STYLES: readonly SagaStyle[] = ['orchestration', 'choreography'];

/** A running system, as tests meet it. */
export interface Shop {
  readonly api: ShopApi;
  readonly directory: string;
  /** The administrator's address of its database server, where that is not one of its own. */
  readonly databaseUrl: string | undefined;
  admin(): Promise<Member>;
  /** What the outside world has done, where the gateway does not tell. */
  outside?(): SandboxView;
  stop(): Promise<void>;
}
