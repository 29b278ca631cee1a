import { type AnyStep, type SagaDefinition, stepsOf } from '../definition.ts';
import { sampleData } from './sample-data.ts';
import { SENSES, wire } from './wired-step.ts';

/** A version of a definition as sagas that have begun rely on it. */
export interface RecordedVersion {
  readonly name: string;
  readonly style: 'orchestration' | 'choreography';
  readonly version: number;
  /** Each step with its kind and its messages, in a line. */
  readonly steps: readonly string[];
}

export function recordOf<S extends { readonly id: string }>(definition: SagaDefinition<S>): RecordedVersion {
  const { name, version, announce } = definition;
  const data = sampleData<S>();
  const steps = stepsOf(definition).map((step, index) => lineOf(step, index, data));
  return { name, style: announce ? 'choreography' : 'orchestration', version, steps };
}

function lineOf<S>(step: AnyStep<S>, index: number, data: S): string {
  const { name, kind, local, types } = wire(step, index, data);
  const messages = SENSES.flatMap((sense) => (types[sense] === undefined ? [] : [`${sense} ${types[sense]}`]));
  return `${name}: ${[kind, ...(local ? ['local'] : messages)].join(', ')}`;
}

/**
 * What would strand sagas that began with a recorded version: it is gone, or says something else under the same number.
 * Nothing where all of them can go on.
 */
export function strandings(recorded: readonly RecordedVersion[], now: readonly RecordedVersion[]): string[] {
  return recorded.flatMap((before) => {
    const { name, style, version, steps } = before;
    const saga = `Version ${version} (${style}) of the saga ${name}`;
    const after = now.find((one) => one.name === name && one.style === style && one.version === version);
    if (!after) return [`${saga} is gone; sagas that began with it could not go on.`];
    const changed = [...steps, ...after.steps].find((_, at) => steps[at] !== after.steps[at]);
    if (changed === undefined) return [];
    return [
      `${saga} has changed at "${changed}"; sagas that began with it need it as it was, and others a new version.`,
    ];
  });
}
