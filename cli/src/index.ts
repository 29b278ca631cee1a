export { type Configuration, readConfiguration } from './configuration.ts';
export { type Answer, type Method, type Question, type ReceivedEvent, RefusedError, ShopApi } from './demo/shop-api.ts';
export type * from './demo/shop-views.ts';
export { type FoundSaga, findSagas, sagaFiles } from './diagram/sagas.ts';
export { generatedPages } from './diagram.ts';
export { type System, type SystemHooks, startSystem } from './system.ts';
