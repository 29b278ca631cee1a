import type { SamplingOptions } from '@ashlar/telemetry';
import type { Reader, Setting } from './settings.ts';

const VARIABLE = 'OTEL_TRACES_SAMPLER_ARG';

/** A quiet system shows everything it does; a busy one pays for a tenth of it, and for five traces a second at most. */
const USUAL: SamplingOptions = { sampleRatio: 0.1, tracesPerSecond: 5 };

export const SAMPLING: Setting = {
  variable: VARIABLE,
  help: 'the share of traces to record, 0 to 1; by default 0.1, plus the first 5 of each second',
};

/** Which traces are recorded that begin here; who tells a share gets just that. */
export const samplingIn = (values: Readonly<Record<string, string | undefined>>, reader: Reader): SamplingOptions =>
  values[VARIABLE] === undefined ? USUAL : { sampleRatio: reader.number(VARIABLE, 0, 1) };
