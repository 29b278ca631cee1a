import { type Attributes, first } from './attributes.ts';

export const ADDRESS = ['server.address', 'net.peer.name', 'peer.address', 'net.peer.ip', 'net.sock.peer.addr'];

/** `mysql://orders-mysql:3306/orders`, as agents of Java tell it. */
const CONNECTION = /\/\/(?:[^@/]*@)?([^/?;]+)(?:\/([^?;]*))?/;
const UNSHARED = /^(redis|memcached|valkey)$/;

/** Names that Zipkin's tracers give to any database of a kind. */
const ANY = /^(my|postgre|ms|maria)?sql(db)?$|^(postgres|mariadb|cassandra\d*|oracle|h2|database|db|jdbc)$/i;

/** Of a database: by OpenTelemetry, and by Brave, which tells it by the remote side. */
export function databaseOf(attributes: Attributes): string {
  const system = first(attributes, ['db.system.name', 'db.system', 'db.type']) || systemOfBrave(attributes);
  if (system === '' || UNSHARED.test(system)) return system === '' ? '' : `${system}://`;
  const [, host = '', name = ''] = CONNECTION.exec(first(attributes, ['db.connection_string'])) ?? [];
  const peer = first(attributes, ['peer.service']);
  const own = attributes.has('sql.query') && !ANY.test(peer) ? peer : '';
  const address = first(attributes, [...ADDRESS, 'remote.address']) || host || own;
  const schema = first(attributes, ['db.namespace', 'db.name', 'db.instance', 'cassandra.keyspace']) || name || own;
  return `${system}://${hostOf(address, attributes)}/${schema}`;
}

const systemOfBrave = (attributes: Attributes): string => {
  if (attributes.has('cassandra.keyspace')) return 'cassandra';
  return attributes.has('sql.query') ? 'sql' : '';
};

const PORTS = ['server.port', 'net.peer.port', 'net.sock.peer.port'];
/** Where the databases that are mostly used listen if nobody says otherwise. */
const USUAL = /^(5432|3306|27017|1433|1521|9042)?$/;
const HERE = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** One host by its short and its long name in a cluster; on one machine there may be many servers, each at its port. */
function hostOf(address: string, attributes: Attributes): string {
  const [, port = first(attributes, PORTS)] = /(?<=[\w\].-]):(\d+)$/.exec(address) ?? [];
  const host = address
    .toLowerCase()
    .replace(/(?<=[^:]):\d+$/, '')
    .replace(/\.svc(\.cluster\.local)?$/, '');
  if (!HERE.test(host)) return host;
  return USUAL.test(port) ? 'localhost' : `localhost:${port}`;
}

const LONGEST = 240;
const LITERAL = /'(?:[^']|'')*'|\$\d+|:\w+|\?|\b\d+(?:\.\d+)?\b/g;
const LIST = /\(\s*\*(?:\s*,\s*\*)*\s*\)/g;
const KEY = /[^\s:/]*\d[^\s:/]*/g;

/** A query without its values; by its name and table where it is not told, and else by what it does. */
export function queryOf(name: string, attributes: Attributes): string {
  const statement = first(attributes, ['db.query.text', 'db.statement', 'sql.query']).slice(0, 4 * LONGEST);
  if (statement === '') return withoutStatement(name, attributes);
  if (/^\s*[[{]/.test(statement)) return documentOf(statement, name, attributes);
  const isKey = UNSHARED.test(first(attributes, ['db.system.name', 'db.system', 'db.type']));
  const plain = isKey ? statement.replaceAll(KEY, '*') : statement.replaceAll(LITERAL, '*').replaceAll(LIST, '(*)');
  return plain.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST);
}

const VALUE = /(?<=[:[,]\s*)("(?:[^"\\]|\\.)*"|-?\d[\w.+-]*|true|false|null)(?!\s*:)/g;

/** A query that is a document tells neither what it does nor, mostly, with which table. */
function documentOf(statement: string, name: string, attributes: Attributes): string {
  const does = first(attributes, ['db.operation.name', 'db.operation']) || (/\w+$/.exec(name)?.[0] ?? name);
  const table =
    first(attributes, ['db.collection.name', 'db.sql.table', 'db.mongodb.collection']) ||
    (/"TableName"\s*:\s*"([^"]+)"/.exec(statement)?.[1] ?? '');
  const plain = statement.replaceAll(VALUE, '*').replaceAll(/\s+/g, ' ').trim();
  return `${does} ${table} ${plain}`.replace('  ', ' ').slice(0, LONGEST);
}

function withoutStatement(name: string, attributes: Attributes): string {
  const table = first(attributes, ['db.collection.name', 'db.sql.table', 'db.mongodb.collection']);
  const [does = ''] = (first(attributes, ['db.operation.name', 'db.operation']) || name).split(' ');
  if (table !== '') return `${does} ${table}`;
  const schema = first(attributes, ['db.namespace', 'db.name', 'db.instance']);
  return schema !== '' && name.endsWith(` ${schema}`) ? does : name;
}
