import { strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { faultOfHandlers } from './handlers-form.ts';
import { SagaRuntime } from './saga-runtime.ts';
import { localTrip, trip } from './trip.fixtures.ts';

const HANDLERS = { 'count seat': {}, 'note trip': {} };

test('every local step of every version has its handler, and every handler its step', () => {
  strictEqual(faultOfHandlers([trip, localTrip], HANDLERS), undefined);
  strictEqual(faultOfHandlers([trip], undefined), undefined);
  strictEqual(faultOfHandlers([trip, localTrip], { 'count seat': {} }), '"note trip" is local and has no handler');
  const misspelt = faultOfHandlers([localTrip], { ...HANDLERS, 'note tirp': {} });
  strictEqual(misspelt, 'there is a handler of "note tirp", which is no local step of it');
});

test('a handler that is missing is told when the service starts, and not in the middle of a saga', () => {
  const options = { definitions: [localTrip], handlers: {} };
  throws(() => new SagaRuntime(options as never), /The saga trip cannot run: "count seat" is local and has no handler/);
});
