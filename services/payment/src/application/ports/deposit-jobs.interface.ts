/** Sees to it that a deposit is finished, whatever happens to the process that began it. */
export interface DepositJobs {
  finishLater(depositId: string): Promise<void>;
}
