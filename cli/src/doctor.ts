import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  baselinePath,
  contractsBaseline,
  diagnose,
  examine,
  type Finding,
  htmlReport,
  isMadeByOthers,
  isUsersFault,
  jsonReport,
  knownFindings,
  type LiveOptions,
  readBaseline,
  sarifReport,
  type TextOptions,
  textReport,
  writeBaseline,
} from '@ashlar/doctor';
import { DOCTOR_HELP, type DoctorOptions, readDoctorOptions } from './doctor/options.ts';
import { ReadingProgress } from './doctor/reading-progress.ts';
import { UsageError } from './settings.ts';

const REPORTS: Readonly<
  Record<DoctorOptions['format'], (diagnosis: ReturnType<typeof diagnose>, options: TextOptions) => string>
> = {
  text: textReport,
  json: jsonReport,
  sarif: sarifReport,
  html: htmlReport,
};

/** `ashlar doctor`: the architecture of a repository, of traces and of a running system, judged. */
export async function doctor(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(DOCTOR_HELP);
    return 0;
  }
  try {
    return await judge(readDoctorOptions(args));
  } catch (error) {
    if (isUsersFault(error)) throw new UsageError(error.message.split('\n'));
    throw error;
  }
}

async function judge(options: DoctorOptions): Promise<number> {
  const baseline = options.baseline === undefined ? '{ "findings": [] }' : baselineIn(options.baseline);
  const progress = new ReadingProgress('Reading traces', 'MB');
  const files = new ReadingProgress('Reading files', 'files');
  const model = await examine({
    path: options.path,
    traces: options.traces,
    live: options.live === undefined ? undefined : liveOptions(options.live, process.env),
    databaseUrl: options.live === undefined ? undefined : process.env['DATABASE_URL'],
    history: options.history,
    thresholds: options.thresholds,
    onProgress: (read, total) => {
      files.end();
      progress.show(read, total);
    },
    onRead: (read, total) => files.show(read, total),
  }).finally(() => {
    files.end();
    progress.end();
  });
  if (options.writeContracts && model.system) {
    const path = baselinePath(model.system);
    if (isMadeByOthers(path))
      throw new UsageError([`${path} is a folder of AsyncAPI documents: whatever makes them writes it.`]);
    write(path, contractsBaseline(model.system));
    return 0;
  }
  const diagnosis = diagnose(model);
  const known = knownFindings(baseline, diagnosis);
  if (options.writeBaseline !== undefined) write(options.writeBaseline, writeBaseline(diagnosis));
  const isTerminal = options.output === undefined && process.stdout.isTTY === true;
  const colours = isTerminal && !process.env['NO_COLOR'];
  const width = isTerminal ? Math.max(60, process.stdout.columns || 80) : undefined;
  const report = REPORTS[options.format](diagnosis, { known, colours, width });
  if (options.output === undefined) await written(report);
  else write(options.output, report);
  const fails = ({ severity, fingerprint }: Finding): boolean =>
    (severity === 'error' || options.failOn === 'warning') && !known.has(fingerprint);
  return diagnosis.findings.some(fails) ? 1 : 0;
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError([`${path} cannot be written: ${(error as Error).message}`]);
  }
}

/** A pipe takes a large report in parts. */
const written = (report: string): Promise<void> =>
  new Promise((resolve, reject) => process.stdout.write(report, (error) => (error ? reject(error) : resolve())));

/** A token, or the administrator: as the environment names it, or as the data directory keeps it. */
function liveOptions(url: string, env: NodeJS.ProcessEnv): LiveOptions {
  if (env['ASHLAR_TOKEN']) return { url, token: env['ASHLAR_TOKEN'] };
  const [email, password] = [env['ADMIN_EMAIL'], env['ADMIN_PASSWORD']];
  if (email && password) return { url, administrator: { email, password } };
  const kept = join(env['DATA_DIR'] ?? '.ashlar', 'admin.json');
  return existsSync(kept) ? { url, administrator: JSON.parse(readFileSync(kept, 'utf8')) } : { url };
}

/** A baseline that is none is told at once, and not after all has been read. */
function baselineIn(file: string): string {
  if (!existsSync(file)) throw new UsageError([`There is no baseline ${file}: --write-baseline ${file} makes one.`]);
  if (statSync(file).isDirectory()) throw new UsageError([`${file} is no baseline: it is a folder.`]);
  const text = readFileSync(file, 'utf8');
  try {
    readBaseline(text);
  } catch (error) {
    throw new UsageError([`${file} is no baseline: ${(error as Error).message.replaceAll(/\s+/g, ' ')}`]);
  }
  return text;
}
