import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { kustomization, manifests } from './manifests.mjs';

export const directory = fileURLToPath(new URL('../kubernetes/', import.meta.url));

const HEAD = '# Made by deploy/check (npm run generate); change manifests.mjs there.\n';

const text = (documents) =>
  HEAD +
  documents.map((document) => stringify(document, { lineWidth: 120, aliasDuplicateObjects: false })).join('---\n');

/** By file name: what deploy/kubernetes has to hold. */
export const files = Object.fromEntries([
  ...Object.entries(manifests).map(([file, documents]) => [file, text(documents)]),
  ['kustomization.yaml', text([kustomization])],
]);
