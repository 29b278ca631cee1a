import { deepStrictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Format, readExposition } from './exposition.ts';

const page = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('');
const gauge = ['# HELP a_seconds Late.', '# TYPE a_seconds gauge'];
const counter = ['# HELP b Orders.', '# TYPE b counter'];
const histogram = ['# HELP c_seconds Work.', '# TYPE c_seconds histogram'];
const buckets = (one: number, all: number) => [
  `c_seconds_bucket{le="0.1"} ${one}`,
  `c_seconds_bucket{le="+Inf"} ${all}`,
];
const sums = ['c_seconds_sum 1.5', 'c_seconds_count 2'];
const EOF = '# EOF';

test('a page that is right to the letter is read as it is meant', () => {
  const text = page(...gauge, String.raw`a_seconds{of="x\"y\\z\n"} +Inf`, 'a_seconds{of="",by="2"} -1.5e-3');
  const [family] = readExposition(text, 'prometheus').values();
  deepStrictEqual(
    family?.samples.map(({ labels, value }) => [labels, value]),
    [
      [{ of: String.raw`x\"y\\z\n` }, Number.POSITIVE_INFINITY],
      [{ of: '', by: '2' }, -0.0015],
    ],
  );
  const seen = '# {trace_id="a"} 0.05 1700000000.123';
  const [bucket, ...rest] = buckets(1, 2);
  const open = page(...counter, 'b_total 1', ...histogram, `${bucket} ${seen}`, ...rest, ...sums, EOF);
  deepStrictEqual(readExposition(open, 'openmetrics').get('c_seconds')?.samples[0]?.exemplar?.value, 0.05);
});

const WRONG: Readonly<Record<string, readonly [Format, string]>> = {
  'no end of the last line': ['prometheus', page(...gauge, 'a_seconds 1').trimEnd()],
  'no mark of the end': ['openmetrics', page(...gauge, 'a_seconds 1')],
  'a sample without a family': ['prometheus', page('a_seconds 1')],
  'a sample of another family': ['prometheus', page(...gauge, 'other 1')],
  'no help': ['prometheus', page('# TYPE a_seconds gauge', 'a_seconds 1')],
  'a type after the samples': ['prometheus', page('# HELP a x', 'a 1', '# TYPE a gauge')],
  'a family in two parts': ['prometheus', page(...gauge, 'a_seconds 1', ...counter, 'b 1', ...gauge)],
  'a series twice': ['prometheus', page(...gauge, 'a_seconds{x="1",y="2"} 1', 'a_seconds{y="2",x="1"} 1')],
  'a label twice': ['prometheus', page(...gauge, 'a_seconds{x="1",x="2"} 1')],
  'a label that is not closed': ['prometheus', page(...gauge, 'a_seconds{x="1} 1')],
  'an escape that is none': ['prometheus', page(...gauge, String.raw`a_seconds{x="\t"} 1`)],
  'no number': ['prometheus', page(...gauge, 'a_seconds one')],
  'a unit that is not in the name': ['openmetrics', page(...counter, '# UNIT b seconds', 'b_total 1', EOF)],
  'a counter without its suffix': ['openmetrics', page(...counter, 'b 1', EOF)],
  'a counter below nothing': ['openmetrics', page(...counter, 'b_total -1', EOF)],
  'an exemplar in Prometheus text': ['prometheus', page(...counter, 'b 1 # {trace_id="a"} 1')],
  'an exemplar of a gauge': ['openmetrics', page(...gauge, 'a_seconds 1 # {trace_id="a"} 1', EOF)],
  'an exemplar outside of its bucket': [
    'openmetrics',
    page(
      ...histogram,
      'c_seconds_bucket{le="0.1"} 1 # {trace_id="a"} 0.2',
      'c_seconds_bucket{le="+Inf"} 2',
      ...sums,
      EOF,
    ),
  ],
  'buckets that hold less than the smaller ones': ['prometheus', page(...histogram, ...buckets(3, 2), ...sums)],
  'a histogram that does not add up': ['prometheus', page(...histogram, ...buckets(1, 3), ...sums)],
  'a histogram without its last bucket': ['prometheus', page(...histogram, buckets(2, 2)[0]!, ...sums)],
};

for (const [what, [format, text]] of Object.entries(WRONG)) {
  test(`a page of metrics is refused for ${what}`, () => {
    throws(() => readExposition(text, format), Error);
  });
}
