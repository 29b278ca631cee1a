export { type DescribeOptions, describeService, type ServiceDescription } from './describe-service.ts';
export { type HostOptions, hostService, type RunningService } from './host-service.ts';
export type {
  BreakerView,
  HostedArchive,
  HostedSagas,
  Service,
  ServiceDefinition,
  ServicePlatform,
} from './service.ts';
