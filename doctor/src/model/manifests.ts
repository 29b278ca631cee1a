import { readFileSync, statSync } from 'node:fs';

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What a file says as JSON; editors of Windows put a mark of the byte order before it, which npm takes as well. */
export const jsonIn = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));

/** An object in a file of its own; nothing where there is none, or anything else. */
export function readJson<T>(path: string): T | undefined {
  try {
    const value: unknown = statSync(path).isFile() ? jsonIn(path) : undefined;
    return isRecord(value) ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  isRecord(value)
    ? (Object.fromEntries(Object.entries(value).filter(([, one]) => typeof one === 'string')) as Record<string, string>)
    : {};

/** What a `package.json` says, as far as it is what npm takes. */
export function readManifest(path: string): Manifest {
  const { name, dependencies, devDependencies, scripts } = readJson<Record<keyof Manifest, unknown>>(path) ?? {};
  return {
    ...(typeof name === 'string' && { name }),
    dependencies: textsOf(dependencies),
    devDependencies: textsOf(devDependencies),
    scripts: textsOf(scripts),
  };
}
