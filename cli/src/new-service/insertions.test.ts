import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { intoJsonArray, intoJsonObject, intoTable, withImport } from './insertions.ts';

const into = (text: string, entry = 'c: 3') => intoTable(text, 'table.ts', { table: 'TABLE', entry });

test('an entry is added to a table, however that is written, and nothing else of it is touched', () => {
  strictEqual(
    into("const TABLE = {\n  a: 1, // the first, of all\n  'b': 2, /* }, */\n} satisfies T;\nf();\n"),
    "const TABLE = {\n  a: 1, // the first, of all\n  'b': 2, /* }, */\n  c: 3,\n} satisfies T;\nf();\n",
  );
  strictEqual(
    into('const TABLE: T = {\n\ta: 1 // last, and open\n} as const;\n'),
    'const TABLE: T = {\n\ta: 1, // last, and open\n  c: 3,\n} as const;\n',
  );
  strictEqual(into('const TABLE = { a: 1 };'), 'const TABLE = { a: 1, \nc: 3,\n};');
  strictEqual(into('const TABLE = {};'), 'const TABLE = {\nc: 3,\n};');
  strictEqual(
    into('if (x) {\n  const TABLE = {\n    a: 1,\n  };\n}\n', 'c: {\n  d: 4,\n}'),
    'if (x) {\n  const TABLE = {\n    a: 1,\n    c: {\n      d: 4,\n    },\n  };\n}\n',
  );
});

test('where there is no such table, nothing is added', () => {
  for (const text of ['const OTHER = {};', 'const TABLE = make();', 'let TABLE;', 'const TABLE = {', '']) {
    strictEqual(into(text), undefined, text);
  }
});

test('an import goes behind the others', () => {
  strictEqual(withImport("import 'a';\n\nf();\n", 'x.ts', "import 'b';"), "import 'a';\nimport 'b';\n\nf();\n");
  strictEqual(withImport('f();', 'x.ts', "import 'b';"), undefined);
});

test('a property goes where it sorts in a JSON file', () => {
  const text = '{\n  "x": {\n    "a": "1",\n    "c": "3"\n  }\n}\n';
  const add = (key: string) => intoJsonObject(text, ['x'], [key, '0']);
  strictEqual(add('0'), text.replace('"a"', '"0": "0",\n    "a"'));
  strictEqual(add('b'), text.replace('"c"', '"b": "0",\n    "c"'));
  strictEqual(add('d'), text.replace('"3"', '"3",\n    "d": "0"'));
  for (const path of [['y'], ['x', 'a'], []]) {
    strictEqual(intoJsonObject(text, path, ['d', '0'])?.includes('"d"'), path.length === 0 ? true : undefined);
  }
  strictEqual(intoJsonObject('{ "x": [] }', ['x'], ['d', '0']), undefined);
  strictEqual(intoJsonObject('{ "x": }', ['x'], ['d', '0']), undefined);
});

test('an element goes behind the others of a JSON array, indented as they are', () => {
  const lines = '{\n  "x": [\n    { "path": "a" }\n  ]\n}\n';
  deepStrictEqual(JSON.parse(intoJsonArray(lines, ['x'], [{ path: 'b' }])!), { x: [{ path: 'a' }, { path: 'b' }] });
  strictEqual(intoJsonArray('{ "x": ["a"] }', ['x'], ['b', 'c']), '{ "x": ["a", "b", "c"] }');
  strictEqual(intoJsonArray('{ "x": [] }', ['x'], ['b']), '{ "x": ["b"] }');
  strictEqual(intoJsonArray('{ "x": {} }', ['x'], ['b']), undefined);
});
