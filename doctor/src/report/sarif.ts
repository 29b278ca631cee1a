import type { Diagnosis, Finding } from '../diagnosis.ts';
import { RULES } from '../rules/index.ts';
import type { Rule } from '../rules/rule.ts';

const VERSION = '0.1.0';

/** For code scanning: SARIF 2.1.0 (OASIS), with what GitHub asks for besides: a place, a fingerprint, a severity. */
export function sarifReport(diagnosis: Diagnosis): string {
  const log = {
    version: '2.1.0',
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    runs: [
      {
        tool: { driver: { name: 'Ashlar doctor', semanticVersion: VERSION, rules: RULES.map(describe) } },
        columnKind: 'utf16CodeUnits',
        results: [
          ...diagnosis.findings.map((finding) => resultOf(finding)),
          ...diagnosis.accepted.map((finding) => ({
            ...resultOf(finding),
            suppressions: [{ kind: 'external' as const, justification: finding.reason }],
          })),
        ],
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

const describe = ({ id, title, why, mend, severity }: Rule) => ({
  id,
  name: id,
  shortDescription: { text: title },
  fullDescription: { text: why },
  help: { text: `${why} ${mend}`, markdown: `${why}\n\n**Mend:** ${mend}` },
  defaultConfiguration: { level: severity },
  properties: { tags: ['architecture'], precision: 'high' },
});

/** GitHub shows results only where they have a file: what was seen in traces or commits lies at the root's manifest. */
const NOWHERE = 'package.json';

/** Of the places of a result GitHub shows so many. */
const MOST_PLACES = 100;

/** A `#` or a `?` in the name of a file begins no fragment and no query. */
const addressOf = (file: string): string => file.split('/').map(encodeURIComponent).join('/');

function resultOf({ rule, severity, what, evidence, mend, fingerprint }: Finding) {
  const places = evidence.filter(({ file }) => file !== undefined).slice(0, MOST_PLACES);
  const seen = evidence.filter(({ file }) => file === undefined).map(({ text }) => text);
  const locations = (places.length > 0 ? places : [{ file: NOWHERE, line: 1, text: what }]).map(
    ({ file, line, text }) => ({
      physicalLocation: {
        artifactLocation: { uri: addressOf(file!), uriBaseId: '%SRCROOT%' },
        region: { startLine: Math.max(1, line ?? 1) },
      },
      message: { text },
    }),
  );
  return {
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ id }) => id === rule),
    level: severity,
    message: { text: [what, ...seen, mend].join('\n') },
    locations: locations.slice(0, 1),
    ...(locations.length > 1 && {
      relatedLocations: locations.slice(1).map((place, at) => ({ id: at + 1, ...place })),
    }),
    partialFingerprints: { 'ashlarDoctor/v1': fingerprint },
  };
}
