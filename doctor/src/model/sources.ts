import type { ParsedFile } from '../source/parsed-file.ts';
import type { Resolve } from './resolver.ts';
import { Scopes } from './scope.ts';

/** All files of a repository with their names, and where their imports lead. */
export class Sources {
  readonly #files: ReadonlyMap<string, ParsedFile>;
  readonly #scopes = new Map<ParsedFile, Scopes>();

  constructor(
    readonly files: readonly ParsedFile[],
    readonly resolve: Resolve,
  ) {
    this.#files = new Map(files.map((file) => [file.path, file]));
  }

  fileAt(path: string): ParsedFile | undefined {
    return this.#files.get(path);
  }

  scopesOf(file: ParsedFile): Scopes {
    let scopes = this.#scopes.get(file);
    if (!scopes) {
      scopes = new Scopes(file);
      this.#scopes.set(file, scopes);
    }
    return scopes;
  }

  /** The file of this repository that an import leads to. */
  imported(from: ParsedFile, specifier: string): ParsedFile | undefined {
    const target = this.resolve(from.path, specifier);
    return target.kind === 'own' ? this.fileAt(target.path) : undefined;
  }
}
