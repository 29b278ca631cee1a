export { type Configuration, readConfiguration } from './configuration.ts';
export { describeSystem } from './contracts/describe-system.ts';
export { type Answer, type Method, type Question, type ReceivedEvent, RefusedError, ShopApi } from './demo/shop-api.ts';
export type * from './demo/shop-views.ts';
export { sagaVersions } from './diagram/saga-versions.ts';
export { type FoundSaga, findSagas, sagaFiles } from './diagram/sagas.ts';
export { generatedPages } from './diagram.ts';
export { type System, type SystemHooks, startSystem } from './system.ts';
export { loadService, SERVICES, type ServiceName, type ShopSettings } from './topology/shop-services.ts';
