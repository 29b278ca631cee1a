import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@ashlar/domain';
import type { ArchitectureReports } from '@ashlar/shop-gateway';
import type { Logger } from '@ashlar/telemetry';

export interface LiveReportsOptions {
  /** Where the system answers. */
  readonly url: () => string;
  readonly clock: Clock;
  readonly log: Logger;
}

const GOOD_FOR_MS = 60_000;
const PATIENCE_MS = 30_000;
const LONGEST_REPORT = 32 << 20;
const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** Reports of the doctor on this running system, each made in a process of its own and good for a minute. */
export function liveReports({ url, clock, log }: LiveReportsOptions): ArchitectureReports {
  let kept: { readonly report: object; readonly untilMs: number } | undefined;
  let making: Promise<object | undefined> | undefined;

  const make = async (token: string): Promise<object | undefined> => {
    try {
      const report = { madeAt: clock.now().toISOString(), ...(await examined(url(), token)) };
      kept = { report, untilMs: clock.now().getTime() + GOOD_FOR_MS };
      return report;
    } catch (error) {
      log.warn({ err: error }, 'The doctor could not judge the running system.');
      return undefined;
    } finally {
      making = undefined;
    }
  };

  return {
    async latest(token) {
      if (kept && clock.now().getTime() < kept.untilMs) return kept.report;
      making ??= make(token);
      return making;
    },
  };
}

/** The doctor ends with 1 where it has found errors: that is a report as well. */
function examined(url: string, token: string): Promise<object> {
  const args = [MAIN, 'doctor', '--live', url, '--format', 'json'];
  const options = { env: { ASHLAR_TOKEN: token }, timeout: PATIENCE_MS, maxBuffer: LONGEST_REPORT };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error && error.code !== 1) return reject(new Error(stderr.trim() || error.message));
      try {
        resolve(JSON.parse(stdout) as object);
      } catch {
        reject(new Error(stderr.trim() || 'The doctor has told nothing.'));
      }
    });
  });
}
