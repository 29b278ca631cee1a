export type { Node } from 'oxc-parser';
export { type Import, type ParsedFile, parseFile, parseSource, walk } from './parsed-file.ts';
