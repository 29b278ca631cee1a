import type { Diagnosis } from '../diagnosis.ts';

/** The version of the form below; it changes when a reader of the old one would not get along with it. */
export const REPORT_VERSION = 1;

/** For programs; `schema/report.schema.json` says what is in it. */
export const jsonReport = (diagnosis: Diagnosis): string =>
  `${JSON.stringify({ version: REPORT_VERSION, ...diagnosis }, null, 2)}\n`;
