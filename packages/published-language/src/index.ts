export { asyncApi } from './async-api.ts';
export { type Change, type Direction, formatChange } from './change.ts';
export { compareAsyncApi } from './compare-async-api.ts';
export { compareOpenApi } from './compare-open-api.ts';
export { compareSchemas, type SchemaPair } from './compare-schemas.ts';
export { eventFlow, eventFlowDiagram, type Flow } from './event-flow.ts';
export { isSame, type Json, type JsonObject, sorted } from './json.ts';
export type { Reaction, ServiceMessages } from './service-messages.ts';
