export { connectNatsBus, dropNatsNamespace, type NatsBus, type NatsBusOptions } from './nats-bus.ts';
