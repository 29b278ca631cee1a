import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAnswerHead, readRequestHead } from './head-reader.ts';
import { HeaderList } from './header-list.ts';

const asBytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const names = fc.stringMatching(/^[A-Za-z0-9-]{1,44}$/);
const values = fc.stringMatching(/^[!-~\xa0-\xff](?:[ -~\xa0-\xff]{0,20}[!-~\xa0-\xff])?$/);
const fields = fc.array(fc.tuple(names, values), { maxLength: 12 });
const lines = (all: readonly (readonly [string, string])[]) =>
  all.map(([name, value]) => `${name}: ${value}\r\n`).join('');

test('a head is read whole, whatever is before and behind it, and from no part of it', () => {
  fc.assert(
    fc.property(fields, fc.stringMatching(/^[a-z]{0,9}$/), (all, around) => {
      const isUnfinished = (part: string): boolean => readRequestHead(asBytes(part), 0) === undefined;
      const text = `GET /a?b HTTP/1.1\r\n${lines(all)}\r\n`;
      const head = readRequestHead(asBytes(`\r\n${text}${around}`), 2);
      deepStrictEqual(
        [head?.method, head?.target, head?.minor, head?.headers.flat, head?.end],
        ['GET', '/a?b', 1, all.flatMap(([name, value]) => [name.toLowerCase(), value]), text.length + 2],
      );
      for (let end = 0; end < text.length; end++) ok(isUnfinished(text.slice(0, end)));
      const answer = `HTTP/1.0 404 Not there\r\n${lines(all)}\r\n`;
      strictEqual(readAnswerHead(asBytes(answer + around))?.end, answer.length);
      for (let end = 0; end < answer.length; end++) ok(!readAnswerHead(asBytes(answer.slice(0, end))));
    }),
    { numRuns: 50 },
  );
});

test('names that look alike to the memory of names stay apart', () => {
  // More names than there are places, so that many of them share one.
  for (let round = 0; round < 2; round++) {
    for (let count = 0; count < 3_000; count++) {
      const head = readRequestHead(asBytes(`GET / HTTP/1.1\r\nX-${count}: v\r\n\r\n`), 0);
      strictEqual(head?.headers.flat[0], `x-${count}`);
    }
  }
  // The same number is made of these two.
  const alike = readRequestHead(asBytes('GET / HTTP/1.1\r\nya~: 1\r\nyb_: 2\r\nya~: 3\r\n\r\n'), 0);
  deepStrictEqual(alike?.headers.flat, ['ya~', '1', 'yb_', '2', 'ya~', '3']);
});

test('what can never become a head is refused at its first wrong byte', () => {
  for (const text of ['get', ' ', 'GET  ', 'GET /\u0001', 'GET / HTTQ', 'GET / HTTP/1.2', 'GET / HTTP/1.1\n'])
    throws(() => readRequestHead(asBytes(text), 0), /./, text);
  const beginning = 'GET / HTTP/1.1\r\n';
  for (const text of [' a: b', 'a : b', ': b', 'a\n', 'a: b\n', 'a: b\rc', 'a: b\r\n\rc', 'a: \u0000'])
    throws(() => readRequestHead(asBytes(beginning + text), 0), /./, text);
  for (const text of ['HTTP/2', 'HTTP/1.1 20 OK\r\n', 'HTTP/1.1 200OK\r\n', 'HTTP/1.1\r\n', 'HTTP/1.1 200 O\u0001'])
    throws(() => readAnswerHead(asBytes(text)), /./, text);
});

test('a list of fields knows what it has, after whatever was done to it', () => {
  const some = fc.constantFrom('host', 'accept', 'cookie', 'expect', 'range', 'x-a', 'x-b');
  const change = fc.tuple(fc.constantFrom('append', 'set', 'delete', 'copy'), some, values);
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), some, (changes, asked) => {
      let list = new HeaderList();
      let model: [string, string][] = [];
      for (const [what, name, value] of changes) {
        if (what === 'copy') list = list.copy();
        if (what === 'delete') list.delete(name);
        if (what === 'set') list.set(name, value);
        if (what === 'append') list.append(name, value);
        if (what === 'set' || what === 'delete') model = model.filter(([known]) => known !== name);
        if (what === 'set' || what === 'append') model.push([name, value]);
      }
      const own = model.filter(([name]) => name === asked).map(([, value]) => value);
      deepStrictEqual(list.flat, model.flat());
      strictEqual(list.get(asked), own.length === 0 ? undefined : own.join(', '));
      deepStrictEqual([list.has(asked), list.count(asked)], [own.length > 0, own.length]);
      ok(HeaderList.ofFlat(list.flat).lines() === list.lines());
    }),
  );
});
