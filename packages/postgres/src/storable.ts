const LONGEST_NAME = 1_000;
/** How deep data may be nested; PostgreSQL gives up some thousands deeper. */
const DEEPEST = 500;

/** What keeps a text from being a name in a key: two of them must never be taken for one. Nothing if it can be one. */
export function unfitName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (!isText(name)) return NO_TEXT;
  return Buffer.byteLength(name) > LONGEST_NAME ? `has more than ${LONGEST_NAME} bytes` : undefined;
}

/**
 * Why data would be refused by `jsonb`, or come back as something else, and where. As in JSON, dates become texts, and
 * fields without a value are left out.
 */
export function unstorable(data: unknown): string | undefined {
  const fault = faultIn(data, 0);
  return fault?.startsWith(' ') ? `/${fault}` : fault;
}

const NO_TEXT = 'has characters that no text has';

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
const isText = (value: string): boolean => value.isWellFormed() && !value.includes('\0');

/** The path to it, if it is not the value itself, and behind a space what is wrong. */
function faultIn(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'object':
      return value === null ? undefined : faultInObject(value, depth);
    case 'string':
      return isText(value) ? undefined : ` ${NO_TEXT}`;
    case 'number':
      return Number.isFinite(value) ? undefined : ` is ${value}, which no number of JSON is`;
    case 'bigint':
    case 'function':
    case 'symbol':
      return ` is a ${typeof value}`;
    default:
      return undefined;
  }
}

function faultInObject(value: object, depth: number): string | undefined {
  if (depth > DEEPEST) return ' is nested too deep';
  if (Array.isArray(value)) return faultInList(value, depth);
  if (value instanceof Map || value instanceof Set || value instanceof Promise)
    return ` is a ${value.constructor.name}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? ' is no date' : undefined;
  if ('toJSON' in value && typeof value.toJSON === 'function') return faultIn(value.toJSON(), depth + 1);
  for (const [name, field] of Object.entries(value)) {
    const fault = isText(name) ? faultIn(field, depth + 1) : ` ${NO_TEXT}`;
    if (fault) return `/${name}${fault}`;
  }
  return undefined;
}

function faultInList(list: readonly unknown[], depth: number): string | undefined {
  for (const [index, item] of list.entries()) {
    const fault = item === undefined ? ' is undefined' : faultIn(item, depth + 1);
    if (fault) return `/${index}${fault}`;
  }
  return undefined;
}
