import { loadedFiles } from '../facts/loaded.ts';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import type { Draft } from './rule.ts';

/** An SDK that its deployment switches off, or whose spans it has go nowhere. */
export const switchedOff = (system: System, part: Part): Draft[] =>
  system.deploymentsOf(part).flatMap(({ file, line, environment, environmentLines }) => {
    const name = SWITCHES.find(([setting, off]) => off.test(environment[setting] ?? ''))?.[0];
    if (name === undefined || (name === EXPORTER && exportsByItself(system, part))) return [];
    const text = `${name}: ${environment[name]}`;
    const what = `Nothing of ${part.name} is in any trace: its deployment switches the tracing off`;
    return [{ subject: part.name, what, evidence: [{ file, line: environmentLines[name] ?? line, text }] }];
  });

const EXPORTER = 'OTEL_TRACES_EXPORTER';
const SWITCHES = [
  ['OTEL_SDK_DISABLED', /^true$/i],
  [EXPORTER, /^none$/i],
  ['DD_TRACE_ENABLED', /^(false|0)$/i],
] as const;

/** What the code says of the exporter comes before the setting. */
const exportsByItself = (system: System, part: Part): boolean =>
  loadedFiles(system, part).some(({ lines }) => /traceExporter|[sS]panProcessor/.test(lines.join('\n')));
