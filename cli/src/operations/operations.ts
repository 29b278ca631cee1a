import { parseArgs } from 'node:util';
import type { Problem } from '@ashlar/http';
import { addressIn } from '../data-directory.ts';
import { RefusedError } from '../demo/shop-api.ts';
import { optionFault, UsageError } from '../settings.ts';
import { eventLines, type SaidMessage } from './event-lines.ts';
import { type ReplicaRow, replicas, restart, scale } from './fleet.ts';
import { OperationError } from './operation.error.ts';
import { Operator } from './operator.ts';
import { type Row, table } from './table.ts';

interface Options {
  readonly url: string;
  readonly data: string;
  readonly json: boolean;
  readonly status: string | undefined;
  readonly service: string | undefined;
  readonly since: string | undefined;
}

interface Command {
  readonly usage: string;
  readonly help: string;
  /** By the number of words that follow the command. */
  readonly run: (operator: Operator, words: readonly string[], options: Options) => Promise<unknown> | undefined;
  readonly show: (answer: never) => string;
}

const filtered = (path: `/${string}`, status: string | undefined): `/${string}` =>
  status === undefined ? path : `${path}?status=${encodeURIComponent(status)}`;

const id = encodeURIComponent;

const isArchived = (answer: readonly SaidMessage[] | readonly Row[]): answer is readonly Row[] =>
  answer.some((one) => 'streams' in one);

/** A list, or something that is done to one of it. */
const list =
  (columns: readonly string[]) =>
  (answer: readonly Row[] | Row): string =>
    Array.isArray(answer) ? table(answer, columns) : JSON.stringify(answer);

const REPLICA_COLUMNS = ['service', 'replica', 'pid', 'status', 'url', 'version', 'startedAt', 'breakers'];

const replicaTable = (rows: readonly ReplicaRow[]): string =>
  table(
    rows.map(({ breakers = [], ...row }) => ({
      ...row,
      breakers: breakers.map(({ name, state }) => `${name} ${state}`).join(', ') || '-',
    })),
    REPLICA_COLUMNS,
  );

const COMMANDS: Readonly<Record<string, Command>> = {
  sagas: {
    usage: 'ashlar sagas [retry ID] [--status STATUS]',
    help: 'the sagas, newest first; retry tries the step of a stuck one again',
    run: (operator, [verb, saga, ...rest], { status }) => {
      if (verb === undefined) return operator.all(filtered('/ops/sagas', status));
      if (verb !== 'retry' || saga === undefined || rest.length > 0) return undefined;
      return operator.ask(`POST /ops/sagas/${id(saga)}/retry`);
    },
    show: list(['id', 'name', 'key', 'status', 'updatedAt', 'error']),
  },
  'dead-letters': {
    usage: 'ashlar dead-letters [replay ID | discard ID] [--status STATUS]',
    help: 'the messages that could not be handled; replay tries one again, discard gives it up',
    run: (operator, [verb, letter, ...rest], { status }) => {
      if (verb === undefined) return operator.all(filtered('/ops/dead-letters', status));
      if (letter === undefined || rest.length > 0) return undefined;
      if (verb === 'replay') return operator.ask(`POST /ops/dead-letters/${id(letter)}/replay`);
      return verb === 'discard' ? operator.ask(`DELETE /ops/dead-letters/${id(letter)}`) : undefined;
    },
    show: list(['id', 'consumer', 'key', 'type', 'sequence', 'status', 'attempts', 'error']),
  },
  projections: {
    usage: 'ashlar projections [rebuild NAME]',
    help: 'the read models; rebuild makes one anew beside the one that is read until then',
    run: (operator, [verb, name, ...rest]) => {
      if (verb === undefined) return operator.all('/ops/projections');
      if (verb !== 'rebuild' || name === undefined || rest.length > 0) return undefined;
      return operator.ask(`POST /ops/projections/${id(name)}/rebuild`);
    },
    show: list(['name', 'service', 'version', 'state', 'position', 'lag', 'lagMs', 'error']),
  },
  events: {
    usage:
      'ashlar events CORRELATION-ID | ashlar events republish --service SERVICE --since TIME | ashlar events archive',
    help: 'the messages of one business transaction, as a tree; republish says all again; archive moves ended streams',
    run: (operator, [correlationId, ...rest], options) => {
      if (correlationId === 'republish' && rest.length === 0) return republish(operator, options);
      if (correlationId === undefined || rest.length > 0) return undefined;
      if (correlationId === 'archive')
        return operator.ask<{ items: Row[] }>('POST /ops/archive').then(({ items }) => items);
      return operator
        .ask<{ items: SaidMessage[] }>(`GET /ops/events?correlationId=${id(correlationId)}`)
        .then(({ items }) => items);
    },
    show: (answer: readonly SaidMessage[] | readonly Row[] | Republished) => {
      if ('messages' in answer) {
        const { messages, service, since } = answer;
        return `${messages} messages that ${service} has said since ${since} are on their way again.`;
      }
      if (answer.length === 0) return 'No message is known under this correlation id.';
      return isArchived(answer) ? table(answer, ['service', 'streams', 'events']) : eventLines(answer).join('\n');
    },
  },
};

interface Republished {
  readonly service: string;
  readonly since: string;
  readonly messages: number;
}

function republish(operator: Operator, { service, since }: Options): Promise<Republished> | undefined {
  if (service === undefined || since === undefined) return undefined;
  const time = new Date(since);
  if (Number.isNaN(time.getTime())) throw new UsageError([`--since is a time, such as 2026-01-31T12:00:00Z.`]);
  return operator.ask(`POST /ops/events/republish?service=${id(service)}&since=${id(time.toISOString())}`);
}

const FLEET: Readonly<Record<string, Command>> = {
  services: {
    usage: 'ashlar services',
    help: 'every replica of every service: its process, address and state',
    run: (operator, words) => (words.length > 0 ? undefined : replicas(operator)),
    show: replicaTable,
  },
  scale: {
    usage: 'ashlar scale SERVICE=COUNT [SERVICE=COUNT …]',
    help: 'so many replicas of a service, with --topology processes; those that go finish what they do',
    run: (operator, words) => (words.length === 0 ? undefined : scale(operator, words)),
    show: replicaTable,
  },
  restart: {
    usage: 'ashlar restart [SERVICE …]',
    help: 'replaces replicas one at a time, each new one ready before the old one drains',
    run: (operator, words) => restart(operator, words),
    show: replicaTable,
  },
};

export interface OperateOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly print: (text: string) => void;
  /** What is no part of the answer. */
  readonly tell: (text: string) => void;
}

/** `ashlar services`, `sagas`, `dead-letters` and the like: what `/ops` answers, for people and for scripts. */
export async function operate(
  name: string,
  args: readonly string[],
  { environment, print, tell }: OperateOptions,
): Promise<number> {
  const command = { ...COMMANDS, ...FLEET }[name]!;
  const { values, positionals } = parse(args);
  if (values.help) {
    print(helpOf(command));
    return 0;
  }
  const data = values.data ?? environment['DATA_DIR'] ?? '.ashlar';
  const options: Options = {
    url: values.url ?? addressIn(data) ?? 'http://localhost:8080',
    data,
    json: values.json ?? false,
    status: values.status,
    service: values.service,
    since: values.since,
  };
  if (!URL.canParse(options.url)) throw new UsageError(['--url must be an address that begins with http://.']);
  try {
    const answered = await ask(command, positionals, { ...options, environment, tell });
    print(options.json ? JSON.stringify(answered, undefined, 2) : command.show(answered as never));
    return 0;
  } catch (error) {
    const told = explanation(error, options);
    throw told === undefined ? error : new OperationError(told);
  }
}

type Asked = Options & Omit<OperateOptions, 'print'>;

async function ask(
  command: Command,
  words: readonly string[],
  { environment, tell, ...options }: Asked,
): Promise<unknown> {
  const { url, data: dataDirectory } = options;
  const operator = new Operator({ url, dataDirectory, environment, tell });
  try {
    const asked = command.run(operator, words, options);
    if (!asked) throw new UsageError([`It is used as: ${command.usage}`]);
    return await asked;
  } finally {
    await operator.close();
  }
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: text,
        data: text,
        status: text,
        service: text,
        since: text,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError([optionFault(error)]);
  }
}

const helpOf = ({ usage, help }: Command): string => `Usage: ${usage}

  ${help}

  --json       prints JSON, for scripts
  --url URL    the shop's address; by default that of the system running on the data directory
  --data DIR   where the system keeps its data, and the administrator's password (.ashlar); ADMIN_EMAIL and
               ADMIN_PASSWORD take precedence`;

/** What a person at the terminal can do about it; nothing for what is a fault of ours. */
function explanation(error: unknown, { url, data }: Options): string | undefined {
  if (error instanceof RefusedError) return `the shop answers ${error.status}${reasonsIn(error.text)}`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return `there is no admin.json in ${data}: name the data directory with --data.`;
  if (code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return `nobody answers at ${url}: start the system, or give its address with --url.`;
  }
  return undefined;
}

/** The sentence of a problem, and what is wrong with which part. */
function reasonsIn(text: string): string {
  try {
    const { detail, errors = [] } = JSON.parse(text) as Partial<Problem>;
    const parts = errors.flatMap(({ path, message }) => (message === detail ? [] : [`${path} ${message}`]));
    return detail === undefined ? '' : `: ${[detail, ...parts].join(' ')}`;
  } catch {
    return '';
  }
}
