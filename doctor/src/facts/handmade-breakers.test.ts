import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { parsingOnce, withMutant } from '../fixtures/mutation.fixtures.ts';
import { readSystem } from '../model/system.ts';
import { handmadeBreakersIn } from './handmade-breakers.ts';

const STATE = `let closedAgainAt = 0;
exports.trip = () => { closedAgainAt = Date.now() + 5_000; };
exports.ask = async (url) => {
  if (Date.now() < closedAgainAt) return undefined;
  return fetch(url);
};
`;
const ASKS = `const { ask, trip } = require('./state');
exports.rates = (url) => ask(url).catch(() => HERE);
`;

test('whether a file is a breaker depends on who calls it, also where it was parsed for another system before', () => {
  const parse = parsingOnce();
  const breakersWith = (here: string): number => {
    const edits = {
      'services/orders/src/state.js': STATE,
      'services/orders/src/rates.js': ASKS.replace('HERE', here),
    };
    return withMutant({ system: 'express-shop', edits }, (root) => {
      const { program } = readSystem(root, {}, { parse });
      return handmadeBreakersIn(program, program.fileAt('services/orders/src/state.js')!).length;
    });
  };
  deepStrictEqual([breakersWith('trip()'), breakersWith('undefined'), breakersWith('trip()')], [1, 0, 1]);
});
