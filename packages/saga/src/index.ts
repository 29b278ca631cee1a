export { defineSaga, repliesOf, type SagaDefinition, type Send, send, stepsOf } from './definition.ts';
export {
  begin,
  type EngineSettings,
  type Input,
  type Output,
  SagaEngine,
  type SagaState,
  type SagaStatus,
  type StepState,
  type StepStatus,
  statusOf,
} from './engine.ts';
export { sagaMigrations } from './migrations.ts';
export { PostgresSagaStore } from './postgres-saga-store.ts';
export { type SagaHandlers, SagaRuntime, type SagaRuntimeOptions } from './saga-runtime.ts';
export type { SagaFilter, SagaRecord, SagaStore, SagaView } from './saga-store.ts';
