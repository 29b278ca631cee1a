export { type CheckOptions, type CheckResult, checkSaga } from './check/check-saga.ts';
export type { Counterexample } from './check/counterexample.ts';
export { LAWS, type Law } from './check/flaw.ts';
export type { Reaction } from './check/reactions.ts';
export { type DiagramOptions, sagaDiagram } from './check/saga-diagram.ts';
export { sampleData } from './check/sample-data.ts';
export { type Choreography, type Participant, reactionsOf } from './check/subscriptions.ts';
export { type RecordedVersion, recordOf, strandings } from './check/versions.ts';
export { defineSaga, repliesOf, type SagaDefinition, type Send, send, stepsOf } from './definition.ts';
export {
  type EngineSettings,
  type Input,
  initialState,
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
export {
  type SagaCounts,
  type SagaFilter,
  type SagaRecord,
  type SagaStore,
  type SagaView,
  stepViews,
} from './saga-store.ts';
