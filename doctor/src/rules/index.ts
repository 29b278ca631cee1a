import { boundaries } from './boundaries.ts';
import { chattyServices } from './chatty-services.ts';
import { circuitBreakers } from './circuit-breakers.ts';
import { contracts } from './contracts.ts';
import { databasePerService } from './database-per-service.ts';
import { distributedMonolith } from './distributed-monolith.ts';
import { eventDriven } from './event-driven.ts';
import { gateway } from './gateway.ts';
import { health } from './health.ts';
import { layers } from './layers.ts';
import type { Rule } from './rule.ts';
import { scaling } from './scaling.ts';
import { tracing } from './tracing.ts';

/** All rules, in the order of the checklist. */
export const RULES: readonly Rule[] = [
  layers,
  boundaries,
  contracts,
  databasePerService,
  gateway,
  circuitBreakers,
  eventDriven,
  tracing,
  health,
  scaling,
  chattyServices,
  distributedMonolith,
];
