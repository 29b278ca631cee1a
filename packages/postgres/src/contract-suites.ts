export { contractSuite, type Rules, type SuiteOptions } from './contract-suite.ts';
export { type Aggregates, aggregateRules, type RepositoryStage, useTestDatabase } from './repository.contract.ts';
export { type StatesStage, statesContract, type Tally } from './states.contract.ts';
export { TripCount } from './trip-count.fixtures.ts';
export { unitOfWorkContract, unknownCommitContract } from './unit-of-work.contract.ts';
export type { LineOptions, UnitOfWorkStage } from './unit-of-work-stage.fixtures.ts';
