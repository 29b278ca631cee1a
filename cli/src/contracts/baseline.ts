import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ServiceDescription } from '@ashlar/host';
import { type Change, compareAsyncApi, compareOpenApi, isSame, type JsonObject } from '@ashlar/published-language';
import { root } from '../test-run.ts';
import { documentText } from './document-text.ts';

/** What a document is called, how two of them are compared, and which of a service's documents it is. */
const FORMATS = {
  openapi: { compare: compareOpenApi, of: ({ openApi }: ServiceDescription) => openApi },
  asyncapi: { compare: compareAsyncApi, of: ({ asyncApi }: ServiceDescription) => asyncApi },
} as const;

export type Format = keyof typeof FORMATS;

export const formats = Object.keys(FORMATS) as Format[];

export const isFormat = (name: string): name is Format => Object.hasOwn(FORMATS, name);

/** One document of one service beside what was recorded of it. */
export interface Comparison {
  /** `order.openapi` */
  readonly name: string;
  readonly document: JsonObject;
  /** Not there where nothing was recorded yet. */
  readonly recorded?: JsonObject;
  readonly changes: readonly Change[];
  /** Whether the record is what is now, to the letter. */
  readonly isCurrent: boolean;
}

/** The documents that were published: each service's, one file each. */
export class Baseline {
  constructor(private readonly directory = join(root, 'contracts', 'baseline')) {}

  compare(services: readonly ServiceDescription[]): readonly Comparison[] {
    return services.flatMap((service) =>
      formats.map((format) => {
        const name = `${service.service}.${format}`;
        const document = FORMATS[format].of(service);
        const recorded = this.read(name);
        if (!recorded) return { name, document, changes: [], isCurrent: false };
        const changes = FORMATS[format].compare(recorded, document);
        return { name, document, recorded, changes, isCurrent: isSame(recorded, document) };
      }),
    );
  }

  /** What was recorded of services that are no more. */
  orphans(services: readonly ServiceDescription[]): readonly string[] {
    const known = new Set(services.flatMap(({ service }) => formats.map((format) => `${service}.${format}`)));
    const files = globSync('*.json', { cwd: this.directory }).map((file) => basename(file, '.json'));
    return files.filter((name) => !known.has(name)).sort();
  }

  write({ name, document }: Comparison): void {
    mkdirSync(this.directory, { recursive: true });
    writeFileSync(this.path(name), documentText(document));
  }

  /** Of a service that is no more. */
  forget(name: string): void {
    rmSync(this.path(name));
  }

  private read(name: string): JsonObject | undefined {
    const path = this.path(name);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as JsonObject) : undefined;
  }

  private path(name: string): string {
    return join(this.directory, `${name}.json`);
  }
}

export const documentOf = (service: ServiceDescription, format: Format): JsonObject => FORMATS[format].of(service);
