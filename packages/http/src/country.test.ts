import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { Country } from './country.ts';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const country = Compile(Country);
const accepted = (...codes: string[]) => codes.filter((code) => country.Check(code));

test('a country is one of the 249 codes that are assigned', () => {
  strictEqual(accepted(...LETTERS.flatMap((one) => LETTERS.map((other) => one + other))).length, 249);
  deepStrictEqual(accepted('AQ', 'DE', 'GB', 'SS', 'US', 'ZW'), ['AQ', 'DE', 'GB', 'SS', 'US', 'ZW']);
});

test('what users may give a meaning, what is reserved and what was withdrawn is no country', () => {
  deepStrictEqual(accepted('AA', 'QM', 'XK', 'XX', 'ZZ', 'EU', 'UK', 'AN', 'SU', 'gb', 'GBR', 'G', ''), []);
});
