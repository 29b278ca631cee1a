import { VERSION } from './places.ts';

interface Lockfile {
  packages: Record<string, { dependencies?: Record<string, string> }>;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The lockfile as npm would write it with a new service in it; what npm keeps in `node_modules` has the same form. */
export function withService(text: string, folder: string, { name, version, license, dependencies }: Manifest): string {
  const lock = JSON.parse(text) as Lockfile;
  const { cli } = lock.packages;
  if (cli) cli.dependencies = sorted({ ...cli.dependencies, [name]: VERSION });
  const added = {
    [`node_modules/${name}`]: { resolved: folder, link: true },
    [folder]: { name, version, license, dependencies },
  };
  lock.packages = sorted({ ...lock.packages, ...added });
  return `${JSON.stringify(lock, null, 2)}\n`;
}

const sorted = <T>(entries: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).sort(([one], [other]) => one.localeCompare(other, 'en')));
