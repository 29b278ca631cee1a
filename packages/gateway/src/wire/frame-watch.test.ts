import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closeFrame, FrameWatch } from './frame-watch.ts';

const TEXT = 0x81;
const MASKED = 0x80;

/** A frame with so much content, its length in the shortest form. */
function aFrame(size: number, mask: readonly number[] = []): Buffer {
  const masked = mask.length > 0 ? MASKED : 0;
  const eight = [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255];
  const long = size < 65_536 ? [masked | 126, size >> 8, size & 255] : [masked | 127, 0, 0, 0, 0, ...eight];
  const head = size < 126 ? [masked | size] : long;
  return Buffer.concat([Buffer.from([TEXT, ...head, ...mask]), Buffer.alloc(size, 0x88)]);
}

const sizes = fc.constantFrom(0, 1, 2, 125, 126, 127, 128, 65_535, 65_536, 70_000);
const masks = fc.constantFrom([], [0, 0, 0, 0], [1, 2, 3, 4]);
const frames = fc.array(fc.tuple(sizes, masks), { minLength: 1, maxLength: 4 });

test('where frames begin and end is known however they are cut into pieces', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(140_000), { maxLength: 6 }), (parts, cuts) => {
      const all = parts.map(([size, mask]) => aFrame(size, mask));
      const bytes = Buffer.concat(all);
      const ends = new Set(all.map((_, at) => Buffer.concat(all.slice(0, at + 1)).length));
      const watch = new FrameWatch();
      let from = 0;
      for (const to of [...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length]) {
        watch.passed(bytes.subarray(from, to));
        strictEqual(watch.isBetween, to === 0 || ends.has(to), `behind ${to} of ${bytes.length} bytes`);
        from = to;
      }
    }),
    { seed: 20_261_126 },
  );
});

test('nothing can be sent behind a frame that says it is the last one', () => {
  const watch = new FrameWatch();
  watch.passed(closeFrame(1_000, 'client'));
  strictEqual(watch.isBetween, false);
});

test('a close frame tells its code in two bytes, and only to a server with a mask', () => {
  deepStrictEqual([...closeFrame(1_001, 'client')], [0x88, 2, 3, 0xe9]);
  deepStrictEqual([...closeFrame(1_001, 'server')], [0x88, 0x82, 0, 0, 0, 0, 3, 0xe9]);
});
