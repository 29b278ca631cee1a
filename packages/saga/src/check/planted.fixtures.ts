import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { SagaDefinition } from '../definition.ts';
import { type Trip, tripByEvents } from '../trip.fixtures.ts';
import { checkSaga } from './check-saga.ts';
import type { Law } from './flaw.ts';

export const ofTrip = ({ id }: Trip) => ({ tripId: id });
export type Change = Readonly<Record<string, unknown>>;

/** A definition that has never been through the types, or through `defineSaga`. */
export const foreign = (definition: object): SagaDefinition<Trip> => definition as SagaDefinition<Trip>;
export const changed = (base: SagaDefinition<Trip>, index: number, change: Change): SagaDefinition<Trip> =>
  foreign({
    ...base,
    compensatable: base.compensatable.map((step, at) => (at === index ? { ...step, ...change } : step)),
  });

export const two = foreign({ ...tripByEvents, compensatable: tripByEvents.compensatable.slice(0, 2), retriable: [] });

export interface Planted {
  readonly title: string;
  readonly definition: SagaDefinition<Trip>;
  readonly law: Law;
  /** How long the shortest way to it is. */
  readonly steps: number;
}

/** Each is found on its shortest way, and drawn. */
export function areFound(planted: readonly Planted[]): void {
  for (const { title, definition, law, steps } of planted) {
    test(`it is found, on the shortest way, that ${title}`, () => {
      const [found] = checkSaga(definition).flaws;
      ok(found, 'nothing is found');
      deepStrictEqual([found.law, found.steps.length], [law, steps], `${found.flaw}\n${found.steps.join('\n')}`);
      ok(found.diagram.startsWith('sequenceDiagram\n'));
      ok(found.diagram.includes(`✗ ${found.flaw.replaceAll('#', ',')}`), found.diagram);
    });
  }
}
