export { type SagaStage, sagaStoreContract } from './saga-store.contract.ts';
