import { DomainError } from '@ashlar/domain';

/** Why a dependency could not be used. `status` is a 5xx, `bad_answer` what cannot be understood. */
export type UnavailableReason = 'timeout' | 'open' | 'overloaded' | 'network' | 'bad_answer' | 'status';

export interface UnavailableDetail {
  readonly cause?: unknown;
  readonly status?: number;
}

/** A dependency did not answer. Whether it did its work is unknown, unless the reason is `open` or `overloaded`. */
export class UnavailableError extends DomainError {
  readonly status: number | undefined;

  constructor(
    readonly dependency: string,
    readonly reason: UnavailableReason,
    { cause, status }: UnavailableDetail = {},
  ) {
    super('dependency_unavailable', 'unavailable', `${dependency} is unavailable: ${EXPLANATIONS[reason]}.`);
    this.status = status;
    if (cause !== undefined) this.cause = cause;
  }
}

const EXPLANATIONS: Readonly<Record<UnavailableReason, string>> = {
  timeout: 'it did not answer in time',
  open: 'it failed too often a moment ago and is left alone',
  overloaded: 'too many calls to it are waiting already',
  network: 'the connection failed',
  bad_answer: 'its answer could not be understood',
  status: 'it answered with a server error',
};
