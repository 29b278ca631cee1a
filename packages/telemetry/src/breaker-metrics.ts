import type { Registry } from 'prom-client';
import { collected } from './collected.ts';

/** A circuit breaker as it is told. */
interface BreakerState {
  readonly name: string;
  readonly state: string;
  readonly failureRate: number;
}

const STATES = ['closed', 'half-open', 'open'];

/** A state is a series of its own, 1 where it is the present one: so it can be counted, and alarms name it. */
export function breakerMetrics(registry: Registry, breakers: () => readonly BreakerState[]): void {
  const present = 'The present state of a circuit breaker is 1, the others are 0.';
  collected(registry, { name: 'circuit_breaker_state', help: present, type: 'gauge' }, () =>
    breakers().flatMap((breaker) =>
      STATES.map((state) => ({
        labels: { breaker: breaker.name, state },
        value: breaker.state === state ? 1 : 0,
      })),
    ),
  );
  const failing = { name: 'circuit_breaker_failure_ratio', help: 'The share of recent calls that failed.' };
  collected(registry, { ...failing, type: 'gauge' }, () =>
    breakers().map(({ name, failureRate }) => ({ labels: { breaker: name }, value: failureRate })),
  );
}
