export { type HostOptions, hostService, type RunningService } from './host-service.ts';
export type { BreakerView, HostedSagas, Service, ServiceDefinition, ServicePlatform } from './service.ts';
