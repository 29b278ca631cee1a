import { intoJsonArray, intoJsonObject, intoTable, withImport } from './insertions.ts';
import type { ServiceNames } from './names.ts';

/** Where a service is entered in a file that is there already. */
export interface Place {
  readonly file: string;
  /** The text with the service in it; nothing where its place was not found. */
  edit(text: string): string | undefined;
  /** What to do where the place was not found. */
  readonly byHand: string;
}

export function placesOf(names: ServiceNames): readonly Place[] {
  return [
    catalogue(names),
    loaders(names),
    routes(names),
    ...manifests(names),
    externalMessages(names),
    kubernetes(names),
    compose(names),
  ];
}

/** The name as a key of an object. */
const keyOf = ({ service: { kebab } }: ServiceNames): string => (kebab.includes('-') ? `'${kebab}'` : kebab);

function table(file: string, name: string, entry: string | ((text: string) => string)): Place {
  const entryFor = typeof entry === 'string' ? () => entry : entry;
  return {
    file,
    edit: (text) => intoTable(text, file, { table: name, entry: entryFor(text) }),
    byHand: `add to the object ${name}:\n${entryFor('')},`,
  };
}

function catalogue(names: ServiceNames): Place {
  const { kebab, camel } = names.service;
  const file = 'contracts/src/catalogue.ts';
  const line = `import * as ${camel} from './${kebab}.ts';`;
  const added = table(file, 'catalogue', `${keyOf(names)}: Object.values(${camel})`);
  return {
    file,
    edit: (text) => {
      const edited = added.edit(text);
      return edited && withImport(edited, file, line);
    },
    byHand: `${line}\n${added.byHand}`,
  };
}

function loaders(names: ServiceNames): Place {
  const { kebab, camel } = names.service;
  const load = `async () => (await import('@ashlar/${kebab}-service')).${camel}Service()`;
  return table('cli/src/topology/shop-services.ts', 'LOADERS', `${keyOf(names)}: ${load}`);
}

/** The calls of the service, and that they are for users who have signed in. */
const routes = (names: ServiceNames): Place =>
  table('gateway/src/routes.ts', 'TABLE', (text) => {
    const policy = /^const user\b/m.test(text) ? 'user' : "{ access: 'user' }";
    return `${keyOf(names)}: {\n${callsOf(names)
      .map((call) => `  '${call}': ${policy},`)
      .join('\n')}\n}`;
  });

export const callsOf = ({ plural: { kebab } }: ServiceNames): readonly string[] => [
  `POST /v1/${kebab}`,
  `GET /v1/${kebab}`,
  `GET /v1/${kebab}/:id`,
  `PATCH /v1/${kebab}/:id`,
  `DELETE /v1/${kebab}/:id`,
];

function manifests({ service: { kebab } }: ServiceNames): readonly Place[] {
  const packageName = `@ashlar/${kebab}-service`;
  const reference = (file: string, path: string): Place => ({
    file,
    edit: (text) => intoJsonArray(text, ['references'], [{ path }]),
    byHand: `add to references: { "path": "${path}" }`,
  });
  return [
    {
      file: 'cli/package.json',
      edit: (text) => intoJsonObject(text, ['dependencies'], [packageName, VERSION]),
      byHand: `add to dependencies: "${packageName}": "${VERSION}"`,
    },
    reference('cli/tsconfig.json', `../services/${kebab}`),
    reference('tsconfig.json', `services/${kebab}`),
  ];
}

/** The version of every package here. */
export const VERSION = '0.1.0';

/** Nobody in this system hears of them yet, and the doctor asks for whom they are. */
function externalMessages({ service, entity }: ServiceNames): Place {
  const types = ['Created', 'Changed', 'Archived'].map((what) => `${service.kebab}.${entity.pascal}${what}.v1`);
  return {
    file: 'architecture.json',
    edit: (text) => intoJsonArray(text, ['externalMessages'], types),
    byHand: `add to externalMessages: ${types.map((type) => JSON.stringify(type)).join(', ')}`,
  };
}

const kubernetes = (names: ServiceNames): Place =>
  table(
    'deploy/check/manifests.mjs',
    'SERVICES',
    `${keyOf(names)}: { replicas: 2, most: 6, cpu: '100m', memory: '256Mi', lagSeconds: 5 }`,
  );

function compose({ service: { kebab, snake } }: ServiceNames): Place {
  const password = `DB_PASSWORD_${snake.toUpperCase()}`;
  const secret = `\${${password}:?run ./make-secrets.sh}`;
  const block = [
    `  ${kebab}:`,
    '    <<: *service',
    `    command: [${kebab}]`,
    '    environment:',
    '      <<: *environment',
    `      DATABASE_URL: postgres://${kebab}_service:${secret}@postgres/${kebab}`,
  ];
  return {
    file: 'deploy/compose/compose.yaml',
    edit: (text) => {
      const lines = text.split('\n');
      const service = lines.findLastIndex((line) => /^ {6}DATABASE_URL: postgres:\/\/\S+_service:/.test(line));
      const ofDatabase = lines.findLastIndex((line) => /^ {6}DB_PASSWORD_\w+: /.test(line));
      if (service < 0 || ofDatabase < service || lines[service + 1] !== '') return undefined;
      lines.splice(ofDatabase + 1, 0, `      ${password}: ${secret}`);
      lines.splice(service + 1, 0, '', ...block);
      return lines.join('\n');
    },
    byHand: `add to services:\n${block.join('\n')}\nand to the environment of postgres:\n      ${password}: ${secret}`,
  };
}
