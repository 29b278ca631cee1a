const HOST = 'Host: shop\r\n';
const many = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join('');

const get = (target: string, headers = HOST) => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;
const post = (headers: string, body = '') =>
  `POST /v1/users HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n${headers}\r\n${body}`;

/** Requests that are none, or could be understood in two ways, and what is answered. */
export const HOSTILE_FRAMES: Readonly<Record<string, readonly [bytes: string | Buffer, ...answers: string[]]>> = {
  'no host': [get('/livez', ''), '400 malformed_request'],
  'two hosts': [get('/livez', `${HOST}Host: other\r\n`), '400 malformed_request'],
  'a host that is none': [get('/livez', 'Host: a b\r\n'), '400 malformed_request'],
  'an unknown verb': [`FETCH / HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
  'a tunnel': ['CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', '400 malformed_request'],
  'a trace': [`TRACE /livez HTTP/1.1\r\n${HOST}\r\n`, '405 method_not_allowed'],
  'another protocol': ['SSH-2.0-OpenSSH_9.0\r\n', '400 malformed_request'],
  'a TLS handshake': [Buffer.from('160301020001000001fc0303', 'hex'), '400 malformed_request'],
  'the preface of HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 malformed_request'],
  'a future version': [`GET /livez HTTP/9.9\r\n${HOST}\r\n`, '400 malformed_request'],
  'two lengths': [post('Content-Length: 2\r\nContent-Length: 3\r\n', '{}'), '400 malformed_request'],
  'a length and chunks': [
    post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    '400 malformed_request',
  ],
  'a negative length': [post('Content-Length: -1\r\n'), '400 malformed_request'],
  'a length in words': [post('Content-Length: two\r\n', '{}'), '400 malformed_request'],
  'a length with a sign': [post('Content-Length: +2\r\n', '{}'), '400 malformed_request'],
  'an unknown encoding': [post('Transfer-Encoding: gzip\r\n'), '400 malformed_request'],
  'two encodings': [post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), '400 malformed_request'],
  'an encoding in disguise': [post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), '400 malformed_request'],
  'a chunk without a size': [post('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n'), '400 malformed_request'],
  'a chunk of a negative size': [
    post('Transfer-Encoding: chunked\r\n', '-2\r\n{}\r\n0\r\n\r\n'),
    '400 malformed_request',
  ],
  'a chunk longer than it says': [
    post('Transfer-Encoding: chunked\r\n', '1\r\n{}\r\n0\r\n\r\n'),
    '400 malformed_request',
  ],
  'a space before the colon': [get('/livez', `${HOST}Content-Length : 0\r\n`), '400 malformed_request'],
  'a header without a colon': [get('/livez', `${HOST}nonsense\r\n`), '400 malformed_request'],
  'a header with NUL': [get('/livez', `${HOST}X-Name: a\0b\r\n`), '400 malformed_request'],
  'a folded header': [get('/livez', `${HOST}X-Name: a\r\n b\r\n`), '400 malformed_request'],
  'a bare carriage return': [get('/livez', `${HOST}X-Name: a\rb\r\n`), '400 malformed_request'],
  'headers of 20 KiB': [get('/livez', `${HOST}X-Name: ${'x'.repeat(20_000)}\r\n`), '431 headers_too_large'],
  'four hundred headers': [get('/livez', HOST + many(400, (at) => `X-${at}: 1\r\n`)), '431 headers_too_large'],
  'an address of 10,000 characters': [get(`/${'x'.repeat(10_000)}`), '414 uri_too_long'],
  'an expectation that cannot be met': [
    post('Expect: a miracle\r\nContent-Length: 2\r\n', '{}'),
    '417 expectation_failed',
  ],
  'an absolute address': [get('http://elsewhere/v1/products'), '400 malformed_url'],
  'no path': [get('v1/products'), '400 malformed_url', '400 malformed_request'],
  'an asterisk': [get('*'), '400 malformed_url', '400 malformed_request'],
  'two slashes': [get('//v1/products'), '400 malformed_url'],
  'a way up': [get('/v1/../ops/services'), '400 malformed_url'],
  'an encoded way up': [get('/v1/%2e%2e/ops/services'), '400 malformed_url'],
  'a twice encoded way up': [get('/v1/%252e%252e/ops/services'), '404 not_found'],
  'an encoded slash': [get('/v1/products%2F42'), '400 malformed_url'],
  'a backslash': [get('/v1\\products'), '400 malformed_url', '400 malformed_request'],
  'an encoded backslash': [get('/v1%5Cproducts'), '400 malformed_url'],
  'NUL in the path': [get('/v1/products/%00'), '400 malformed_url'],
  'a line break in the path': [get('/v1/products/%0d%0aX-Evil:1'), '400 malformed_url'],
  'half an encoding': [get('/v1/products/%4'), '400 malformed_url'],
  'an encoding that is none': [get('/v1/products/%zz'), '400 malformed_url'],
  'bytes that are no UTF-8': [get('/v1/products/%ff%fe'), '400 malformed_url'],
  'raw bytes': [Buffer.from(get('/v1/products/\xff'), 'latin1'), '400 malformed_url', '400 malformed_request'],
  'a space in the path': [get('/v1/pro ducts'), '400 malformed_request'],
  'a fragment': [get('/v1/products#top'), '400 malformed_url'],
  'NUL in the query': [get('/v1/products?search=%00'), '400 malformed_url'],
  'half an encoding in the query': [get('/v1/products?search=%'), '400 malformed_url'],
  'a quote in the query': [get(`/v1/products?search='`), '200 undefined'],
  'parameters in the path': [get('/v1/products;jsessionid=1'), '404 not_found'],
  'the operations in capitals': [get('/OPS/services'), '404 not_found'],
  'the operations with a slash at the end': [get('/ops/services/'), '401 unauthenticated'],
  'the operations, encoded': [get('/%6fps/services'), '401 unauthenticated'],
  'a service spoken to past the gateway': [get('/ops/breakers'), '401 unauthenticated'],
};
