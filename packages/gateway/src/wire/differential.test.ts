import { ok, strictEqual } from 'node:assert/strict';
import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { ClientConnection, type ConnectionOwner } from './client-connection.ts';
import { HeaderList } from './header-list.ts';

/** Answers with the requests that a server has read whole out of these bytes. */
type Reader = (bytes: string) => Promise<readonly string[]>;

async function readerOf(t: TestContext, server: Server | HttpServer, seen: string[]): Promise<Reader> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return async (bytes) => {
    seen.length = 0;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = connect(port, '127.0.0.1');
    socket
      .on('error', () => {})
      .on('data', () => {})
      .on('close', resolve);
    socket.end(Buffer.from(bytes, 'latin1'));
    await closed;
    return [...seen];
  };
}

/** Node's own strict parser. */
function aReference(t: TestContext): Promise<Reader> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let length = 0;
    request.on('data', (chunk) => {
      length += chunk.length;
    });
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${length}`);
      response.end();
    });
  });
  return readerOf(t, server, seen);
}

function ours(t: TestContext): Promise<Reader> {
  const seen: string[] = [];
  const owner: ConnectionOwner = {
    patience: { headersMs: 1_000, requestMs: 1_000, keepAliveMs: 1_000 },
    isDraining: false,
    left: () => {},
    refusalOf: ({ status }) => `HTTP/1.1 ${status} No\r\nconnection: close\r\n\r\n`,
    take: (request, response) => {
      let length = 0;
      request.take({
        content(bytes) {
          length += bytes.length;
          return true;
        },
        end() {
          seen.push(`${request.method} ${request.target} ${length}`);
          response.begin(200, HeaderList.of({ 'content-length': '0' }));
          response.end();
        },
        fail: () => response.abort(),
      });
    },
  };
  const server = createTcpServer((socket) => new ClientConnection(socket, owner));
  return readerOf(t, server, seen);
}

const HOST = 'Host: a\r\n';
const END = 'Connection: close\r\n\r\n';
const names = [
  'Transfer-Encoding',
  'Content-Length',
  'X-A',
  'Host',
  'Connection',
  'Content_Length',
  'Transfer\u00adEncoding',
];
const values = [
  'chunked',
  'Chunked',
  'xchunked',
  'chunked, chunked',
  'identity',
  '3',
  '+3',
  '3, 3',
  '0x3',
  '03',
  '',
  'close',
];
const joints = [': ', ':', ' : ', ':\t', ' :', ':\u000b', ':\r\n ', ':\u0000'];
const ends = ['\r\n', '\n', '\r', '\r\r\n', '\n\r\n', '\r\n\t'];
const lines = [
  'POST /x HTTP/1.1',
  'POST  /x HTTP/1.1',
  'POST /x  HTTP/1.1',
  'POST /x HTTP/1.1 ',
  'POST /x HTTP/2.0',
  'POST\t/x HTTP/1.1',
  'POST /x',
  'post /x HTTP/1.1',
  ' POST /x HTTP/1.1',
];
const bodies = [
  '',
  'abc',
  '3\r\nabc\r\n0\r\n\r\n',
  '3\nabc\n0\n\n',
  '3;x\r\nabc\r\n0\r\n\r\n',
  '0x3\r\nabc\r\n0\r\n\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '-3\r\nabc\r\n0\r\n\r\n',
  '3\r\nabcd\r\n0\r\n\r\n',
  '0\r\nX: y\r\n\r\n',
  '0\r\n\r\n',
  '3;a\nb\r\nabc\r\n0\r\n\r\n',
];

/** The first one, which is right, half of the time: else hardly a request would be taken at all. */
const mostly = (right: string, ...all: string[]) => fc.oneof(fc.constant(right), fc.constantFrom(right, ...all));
const field = fc.tuple(
  fc.constantFrom(...names),
  mostly(...(joints as [string])),
  fc.constantFrom(...values),
  mostly(...(ends as [string])),
);
const attempt = fc.record({
  line: mostly(...(lines as [string])),
  lineEnd: mostly('\r\n', '\n'),
  fields: fc.array(field, { maxLength: 3 }),
  body: fc.constantFrom(...bodies),
});

test('whatever is smuggled, no more reaches a service than Node’s strict parser finds', async (t) => {
  const [mine, reference] = [await ours(t), await aReference(t)];
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(attempt, async ({ line, lineEnd, fields, body }) => {
      const head = `${line}${lineEnd}${HOST}${fields.map((parts) => parts.join('')).join('')}\r\n`;
      const bytes = `${head}${body}GET /after HTTP/1.1\r\n${HOST}${END}`;
      const [here, there] = [await mine(bytes), await reference(bytes)];
      taken += here.length;
      ok(
        here.every((request, at) => there[at] === request),
        `${JSON.stringify(bytes)}: ${JSON.stringify(here)} against ${JSON.stringify(there)}`,
      );
    }),
    { numRuns: 600, seed: 20_261_125 },
  );
  ok(taken > 40, `only ${taken} requests were taken at all`);
});

test('what Node’s parser takes of plain requests is taken here as well', async (t) => {
  const [mine, reference] = [await ours(t), await aReference(t)];
  const plain = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH'),
    path: fc.stringMatching(/^\/[a-z0-9._~-]{1,12}$/),
    fields: fc.array(
      fc.tuple(fc.stringMatching(/^X-[A-Za-z0-9-]{1,8}$/), fc.stringMatching(/^[\x21-\x7e][\t\x20-\x7e]{0,20}$/)),
    ),
    content: fc.oneof(
      fc.constant(''),
      fc.constant('Content-Length: 3\r\n\r\nabc'),
      fc.constant('Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'),
    ),
  });
  await fc.assert(
    fc.asyncProperty(plain, async ({ method, path, fields, content }) => {
      const told = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const bytes = `${method} ${path} HTTP/1.1\r\n${HOST}${told}Connection: close\r\n${content || '\r\n'}`;
      const [here, there] = [await mine(bytes), await reference(bytes)];
      strictEqual(here.join(), there.join(), JSON.stringify(bytes));
      strictEqual(here.length, 1, JSON.stringify(bytes));
    }),
    { numRuns: 200, seed: 20_261_125 },
  );
});

const CHUNKED = `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
const chunks = (...lines: string[]): string => `${CHUNKED}${lines.join('\r\n')}\r\n`;
const withField = (field: string, body = ''): string => `POST /x HTTP/1.1\r\n${HOST}${field}\r\n\r\n${body}`;

/** What parsers are tested with everywhere, and what of it is right; more of the kind is in the tests of llhttp. */
const RIGHT: Readonly<Record<string, string>> = {
  'a length': withField('Content-Length: 3', 'abc'),
  'a length with zeros before': withField('Content-Length: 003', 'abc'),
  'a length of nothing': withField('Content-Length: 0'),
  'blanks around a value': withField('Content-Length: \t 3 \t ', 'abc'),
  'no blank before a value': withField('content-length:3', 'abc'),
  'an empty value': withField('X-A:'),
  'every character of a name': withField("!#$%&'*+-.^_`|~0Aa: b"),
  'bytes beyond ASCII in a value': withField('X-A: \u00e4\u00ff'),
  'chunks in small letters': chunks('a', '0123456789', '0', ''),
  'chunks in capital letters': chunks('A', '0123456789', '0', ''),
  'zeros before the size of a chunk': chunks('005', 'hello', '0006', ' world', '000', ''),
  trailers: chunks('5', 'hello', '0', 'Vary: *', 'X-B: c', ''),
  'extensions of chunks': chunks('5;a;b=c;d=e', 'hello', '6;f;g', ' world', '0', ''),
  'quoted extensions': chunks('5;a="b \\"c\\"; \\\\d";e="f";g;h=i', 'hello', '0', ''),
  'an extension of the last chunk': chunks('0;a=b', ''),
  'another spelling of the coding': withField('transfer-encoding: Chunked', '0\r\n\r\n'),
  'a query with marks of its own': `GET /a?b==c&d=[e]|f^g"h HTTP/1.1\r\n${HOST}\r\n`,
  'the server as a whole': `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  'a method with a hyphen': `M-SEARCH /x HTTP/1.1\r\n${HOST}\r\n`,
  'a kept connection': withField('Connection: keep-alive'),
};

const WRONG: Readonly<Record<string, string>> = {
  'another protocol': `GET /x ICE/1.0\r\n${HOST}\r\n`,
  'a protocol of nearly the name': `GET /x IHTTP/1.1\r\n${HOST}\r\n`,
  'a method of another protocol': `ANNOUNCE /x HTTP/1.1\r\n${HOST}\r\n`,
  'a method with a letter too many': `MKCOLA /x HTTP/1.1\r\n${HOST}\r\n`,
  'a version that is none': `GET /x HTTP/5.6\r\n${HOST}\r\n`,
  'a version of two digits': `GET /x HTTP/1.10\r\n${HOST}\r\n`,
  'no version': `GET /x\r\n${HOST}\r\n`,
  'an address without an end': 'GET /',
  'a blank after the first line': `GET /x HTTP/1.1\r\n Host: a\r\n\r\n`,
  'headers parted by CR': withField('X-A: 1\rX-B: 2'),
  'headers parted by LF': withField('X-A: x\nTransfer-Encoding: chunked', '1\r\nA\r\n0\r\n\r\n'),
  'an empty header ended by CR': withField('X-A:\rTransfer-Encoding: chunked', '1\r\nA\r\n0\r\n\r\n'),
  'an empty header ended by LF': withField('X-A:\nTransfer-Encoding: chunked', '1\r\nA\r\n0\r\n\r\n'),
  'an end of headers that is none': `GET /x HTTP/1.1\r\n${HOST}\rZGET /evil HTTP/1.1\r\n${HOST}\r\n`,
  'a mark in a name': withField('Fo@: x'),
  'a control character in a name': withField('Foo\u0001test: x'),
  'no name': withField(': x'),
  'a folded name': withField('name\r\n : value'),
  'a folded value': withField('X-A: b\r\n Content-Length: 3', 'abc'),
  'a name broken by CR': withField('Connection\r\u001beep-Alive'),
  'LF alone': `POST /x HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n1\nA\n0\n\n`,
  'no coding': withField('Transfer-Encoding:\r\nContent-Length: 3', 'abc'),
  'no coding three times': withField('Transfer-Encoding:\r\nTransfer-Encoding:\r\nTransfer-Encoding:'),
  'a coding that does not exist': withField('Transfer-Encoding: pigeons'),
  'chunks that are not last': withField('Transfer-Encoding: chunked, deflate', '0\r\n\r\n'),
  'chunks twice': withField('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  'identity and a length': withField('Transfer-Encoding: identity\r\nContent-Length: 3', 'abc'),
  'chunks and a length': withField('Transfer-Encoding: chunked\r\nContent-Length: 3', '0\r\n\r\n'),
  'a length and chunks': withField('Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  'two lengths': withField('Content-Length: 3\r\nContent-Length: 4', 'abc'),
  'the same length twice': withField('Content-Length: 3\r\nContent-Length: 3', 'abc'),
  'a list of lengths': withField('Content-Length: 3, 3', 'abc'),
  'a length beyond every number': withField('Content-Length: 1844674407370955161500', 'abc'),
  'a length with a blank inside': withField('Content-Length: 4 2', 'abc'),
  'no length': withField('Content-Length:', 'abc'),
  'a length in another base': withField('Content-Length: 0x3', 'abc'),
  'a blank before the colon': withField('Content-Length : 3', 'abc'),
  'a size of a chunk that is none': chunks('x', 'hello', '0', ''),
  'no size of a chunk': chunks('', 'hello', '0', ''),
  'a size beyond every number': chunks('FFFFFFFFFFFFFFFFF', 'hello', '0', ''),
  'a blank after the size': chunks('5 ', 'hello', '0', ''),
  'an extension without its semicolon': chunks('2 a', 'aa', '0 r', ''),
  'nothing after the semicolon': chunks('2;', 'aa', '0', ''),
  'an extension without a name': chunks('2;=a', 'aa', '0', ''),
  'an extension without a value': chunks('2;a=', 'aa', '0', ''),
  'a blank in an extension': chunks('2;a b', 'aa', '0', ''),
  'a quote that does not end': chunks('2;a="b', 'aa', '0', ''),
  'something after a quote': chunks('2;a="b"c', 'aa', '0', ''),
  'an extension ended by LF': `${CHUNKED}2;a\naa\r\n0\r\n\r\n`,
  'an extension ended by CR': `${CHUNKED}2;a\raa\r\n0\r\n\r\n`,
  'a chunk that is longer than its size': chunks('2', 'aaa', '0', ''),
  'a chunk without its end': `${CHUNKED}2\r\naa0\r\n\r\n`,
  'a chunk that ends by LF': `${CHUNKED}2\r\naa\n0\r\n\r\n`,
  'a length behind the body': chunks('5', 'hello', '0', 'Content-Length: 5', ''),
  'a coding behind the body': chunks('5', 'hello', '0', 'Transfer-Encoding: chunked', ''),
  'extensions that hardly end': chunks(`${`1;${'a'.repeat(900)}\r\nx\r\n`.repeat(20)}0`, ''),
  'a trailer that is none': chunks('0', 'X A: b', ''),
  'a folded trailer': chunks('0', 'X-A: b', ' c', ''),
};

test('what parsers are tested with everywhere is taken or refused whole, as Node’s parser does', async (t) => {
  const [mine, reference] = [await ours(t), await aReference(t)];
  const after = `GET /after HTTP/1.1\r\n${HOST}${END}`;
  for (const [what, bytes] of Object.entries(RIGHT)) {
    const here = await mine(bytes + after);
    strictEqual(here.join(), (await reference(bytes + after)).join(), what);
    strictEqual(here.length, 2, what);
  }
  for (const [what, bytes] of Object.entries(WRONG)) strictEqual((await mine(bytes + after)).join(), '', what);
});
