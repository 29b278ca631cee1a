import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UsageError } from '../settings.ts';
import { Changes } from './changes.ts';
import { formatted, formattedAsBefore } from './formatting.ts';
import { areCurrent, kubernetesFiles } from './kubernetes-files.ts';
import { withService } from './lockfile.ts';
import type { ServiceNames } from './names.ts';
import { NewServiceError } from './new-service.error.ts';
import { type Place, placesOf } from './places.ts';
import { faultsOf } from './refusals.ts';
import { readTemplate, render, type Texts } from './template.ts';

/** What was done, and what could not be. */
export interface Created {
  readonly made: readonly string[];
  readonly changed: readonly string[];
  /** Places that were not found, and what was not made for that reason. */
  readonly left: readonly Left[];
}

export interface Left {
  readonly file: string;
  readonly byHand: string;
}

export interface Surroundings {
  readonly root: string;
  readonly onProgress: (line: string) => void;
  /** Until it is done, everything can be taken back. */
  readonly signal: AbortSignal;
}

/** Writes a service and enters it wherever services are entered. It does so wholly, or leaves everything as it was. */
export async function createService(names: ServiceNames, surroundings: Surroundings): Promise<Created> {
  const { root, signal } = surroundings;
  const template = readTemplate();
  const faults = faultsOf(names, template, root);
  if (faults.length > 0) throw new UsageError(faults);
  const made = formatted(render(template, names), root);
  const { edited, left } = entered(placesOf(names), root);
  const texts = new Map([...made, ...edited, ...lockfiles(names, made, root)]);
  const wasCurrent = isCurrent(root);
  const changes = new Changes(root);
  try {
    for (const [path, text] of texts) changes.write(path, text);
    link(changes, names);
    const isWhole = left.every(({ file }) => file.startsWith('deploy/'));
    const published: Texts = isWhole ? await publications(names, surroundings) : new Map();
    const manifests = wasCurrent ? kubernetesFiles(root) : undefined;
    const generated = [...published, ...(manifests ?? [])].filter(([path, text]) => textAt(root, path) !== text);
    const isNew = new Map(generated.map(([path]) => [path, !existsSync(join(root, path))]));
    for (const [path, text] of generated) changes.write(path, text);
    signal.throwIfAborted();
    const pathsOf = (wanted: boolean) => [...isNew].flatMap(([path, added]) => (added === wanted ? [path] : []));
    const isMissed = wasCurrent !== undefined && !manifests;
    return {
      made: [...made.keys(), ...pathsOf(true)],
      changed: [...edited.keys(), 'package-lock.json', ...pathsOf(false)],
      left: [...left, ...(isWhole ? [] : TO_PUBLISH), ...(isMissed ? [TO_GENERATE] : [])],
    };
  } catch (error) {
    changes.takeBack();
    throw signal.aborted ? new NewServiceError('It was interrupted.') : error;
  }
}

const TO_PUBLISH: readonly Left[] = [
  {
    file: 'contracts/baseline',
    byHand: 'record it, when all is entered: npx ashlar contracts record --accept-breaking',
  },
  { file: 'docs/event-flow.md', byHand: 'draw it anew: npm run docs' },
];

const TO_GENERATE: Left = {
  file: 'deploy/kubernetes',
  byHand:
    'it is not what deploy/check makes; make it: npm ci --prefix deploy/check, npm run generate --prefix deploy/check',
};

const textAt = (root: string, path: string): string | undefined =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined;

/** Not told where there is nothing to deploy. */
function isCurrent(root: string): boolean | undefined {
  if (!existsSync(join(root, 'deploy/kubernetes'))) return undefined;
  const files = kubernetesFiles(root);
  return files !== undefined && areCurrent(files, root);
}

/** Files with the service in them, and those in which its place was not found. */
function entered(places: readonly Place[], root: string): { edited: Texts; left: readonly Left[] } {
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  const left: Left[] = [];
  for (const { file, edit, byHand } of places) {
    const text = textAt(root, file);
    // Whoever has taken the deployment away does not miss the service in it.
    if (text === undefined && file.startsWith('deploy/')) continue;
    const edited = text === undefined ? undefined : edit(text);
    if (text === undefined || edited === undefined) left.push({ file, byHand });
    else {
      before.set(file, text);
      after.set(file, edited);
    }
  }
  return { edited: formattedAsBefore(after, before, root), left };
}

const folderOf = ({ service: { kebab } }: ServiceNames): string => `services/${kebab}`;

/** As npm would write them: nothing has to be installed again. */
function lockfiles(names: ServiceNames, made: Texts, root: string): Texts {
  const manifest = JSON.parse(made.get(`${folderOf(names)}/package.json`)!);
  const files = ['package-lock.json', 'node_modules/.package-lock.json'];
  const texts = files.map((file) => [file, textAt(root, file)] as const);
  return new Map(
    texts.flatMap(([file, text]) => (text === undefined ? [] : [[file, withService(text, folderOf(names), manifest)]])),
  );
}

const link = (changes: Changes, names: ServiceNames): void =>
  changes.link(`node_modules/@ashlar/${names.service.kebab}-service`, join('..', '..', folderOf(names)));

/** What the service says to the world, by its own code: that is built first. */
async function publications({ service }: ServiceNames, { root, onProgress, signal }: Surroundings): Promise<Texts> {
  const run = async (program: string, ...args: readonly string[]): Promise<string> => {
    try {
      const options = { cwd: root, signal, maxBuffer: LONGEST_OUTPUT };
      return (await promisify(execFile)(process.execPath, [join(root, program), ...args], options)).stdout;
    } catch (error) {
      const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
      throw new NewServiceError(`${stdout}${stderr}`.trim() || message);
    }
  };
  onProgress('Building …');
  await run('node_modules/typescript/bin/tsc', '-b');
  onProgress('Recording what it publishes …');
  const printed = await run('cli/dist/new-service/published.child.js', service.kebab);
  return new Map(Object.entries(JSON.parse(printed) as Record<string, string>));
}

const LONGEST_OUTPUT = 64 << 20;
