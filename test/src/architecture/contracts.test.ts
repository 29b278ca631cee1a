import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { describeSystem } from '@ashlar/cli';
import { catalogue } from '@ashlar/contracts/catalogue';
import { eventFlow, type JsonObject } from '@ashlar/published-language';
import specs from '@asyncapi/specs';
import { registerSchema, validate as validateDraft7 } from '@hyperjump/json-schema/draft-07';
import { validate } from '@hyperjump/json-schema/openapi-3-1';

import { CALLS } from '../api/contract.ts';
import { describedAnswers } from '../api/described.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const services = await describeSystem();

/** OpenAPI 3.1 with its own dialect of JSON Schema, so that the schemas inside are checked as well. */
const OPEN_API = 'https://spec.openapis.org/oas/3.1/schema-base';
const ASYNC_API = 'http://asyncapi.com/definitions/3.0.0/asyncapi.json';
registerSchema(specs.schemas['3.0.0'] as never, ASYNC_API);

type Fault = (document: JsonObject) => JsonObject;

async function isOpenApi(document: JsonObject): Promise<boolean> {
  return (await validate(OPEN_API, document as never)).valid;
}

async function isAsyncApi(document: JsonObject): Promise<boolean> {
  return (await validateDraft7(ASYNC_API, document as never)).valid;
}

/** The document with one text in place of another. */
const edited =
  (from: string, to: string): Fault =>
  (document) => {
    const text = JSON.stringify(document);
    if (!text.includes(from)) throw new Error(`${from} is not there.`);
    return JSON.parse(text.replace(from, to)) as JsonObject;
  };

test('the official meta-schema of OpenAPI 3.1 accepts what each service says', async () => {
  for (const { service, openApi } of services) strictEqual(await isOpenApi(openApi), true, service);
  const { openApi } = services.find(({ service }) => service === 'order')!;
  const faults = {
    'no title': edited('"title":"order",', ''),
    'a schema that is none': edited('"type":"object"', '"type":"record"'),
    'a parameter from nowhere': edited('"in":"query"', '"in":"body"'),
  };
  for (const [title, fault] of Object.entries(faults)) strictEqual(await isOpenApi(fault(openApi)), false, title);
});

test('every call of every service says in a sentence what it is for', () => {
  const silent = services.flatMap(({ service, openApi }) =>
    Object.entries(openApi['paths'] as Record<string, Record<string, { summary?: string }>>).flatMap(([path, calls]) =>
      Object.entries(calls).flatMap(([method, { summary }]) => (summary ? [] : [`${service}: ${method} ${path}`])),
    ),
  );
  deepStrictEqual(silent, []);
});

test('the official meta-schema of AsyncAPI 3.0 accepts what each service says', async () => {
  for (const { service, asyncApi } of services) strictEqual(await isAsyncApi(asyncApi), true, service);
  const { asyncApi } = services.find(({ service }) => service === 'order')!;
  const faults = {
    'another version': edited('"asyncapi":"3.0.0"', '"asyncapi":"2.6.0"'),
    'an action that is none': edited('"action":"send"', '"action":"publish"'),
    'a schema that is none': edited('"type":"object"', '"type":"record"'),
  };
  for (const [title, fault] of Object.entries(faults)) strictEqual(await isAsyncApi(fault(asyncApi)), false, title);
});

test('every file of contracts is in the catalogue, and holds what its service owns', () => {
  const files = globSync('contracts/src/*.ts', { cwd: root }).filter((file) =>
    /\b(event|command)\(/.test(textOf(file)),
  );
  const owners = files.map((file) => file.replace(/^.*\/|\.ts$/g, ''));
  deepStrictEqual(owners.sort(), Object.keys(catalogue).sort());
  deepStrictEqual(owners, services.map(({ service }) => service).sort());
  const foreign = Object.entries(catalogue).flatMap(([owner, contracts]) =>
    contracts.filter(({ channel }) => !channel.startsWith(`${owner}.`)).map(({ type }) => type),
  );
  deepStrictEqual(foreign, []);
});

test('every event is published by the code of its owner, and every command is sent and acted upon', () => {
  const flows = eventFlow(services.map(({ messages }) => messages));
  const silent = flows.filter(({ contract, from, to }) => {
    const [owner, name = ''] = contract.type.split('.');
    return contract.kind === 'event'
      ? !publishers(owner!).some((file) => new RegExp(`\\b${name}\\b`).test(textOf(file)))
      : from.length === 0 || to.length === 0;
  });
  deepStrictEqual(
    silent.map(({ contract }) => contract.type),
    [],
  );
});

test('nobody knows a command but its owner, a saga, and a replica that asks its source to say its facts again', () => {
  const commands = Object.values(catalogue)
    .flat()
    .filter(({ kind }) => kind === 'command');
  const known = globSync('services/*/src/**/*.ts', {
    cwd: root,
    exclude: ['**/*.saga.ts', '**/*-restatement.ts', '**/*.test.ts'],
  }).flatMap((file) =>
    commands
      .filter(({ type }) => !file.startsWith(`services/${type.split('.')[0]}/`))
      .filter(({ type }) =>
        new RegExp(`import \\{[^}]*\\b${type.split('.')[1]}\\b[^}]*\\} from '@ashlar/contracts`).test(textOf(file)),
      )
      .map(({ type }) => `${file}: ${type}`),
  );
  deepStrictEqual(known, []);
});

test('every answer that the page of the API documents is described, and no other success is', async () => {
  const described = await describedAnswers();
  const wrong = [...CALLS].flatMap(([call, { answers }]) => {
    const known = described.get(call);
    if (!known) return call.includes(' /v1/') ? [call] : [];
    const successes = (statuses: readonly string[]) => statuses.filter((status) => /^2\d\d$/.test(status)).sort();
    const same = isDeepStrictEqual(successes(answers), successes([...known.keys()]));
    const missing = answers.filter((answer) => {
      const [status = '', code] = answer.split(' ');
      return code !== undefined && status !== '429' && !known.get(status)?.codes.includes(code);
    });
    return [
      ...(same ? [] : [`${call}: ${[...known.keys()].join()}`]),
      ...missing.map((answer) => `${call}: ${answer}`),
    ];
  });
  deepStrictEqual(wrong, []);
});

/** Where a service says something: not where it hears of it. */
const publishers = (service: string): string[] =>
  globSync(`services/${service}/src/{application,infrastructure}/**/*.ts`, { cwd: root, exclude: ['**/*.test.ts'] });

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
