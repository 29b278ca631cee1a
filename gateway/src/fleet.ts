import { type Answer, type Exchange, notFound, Refusal } from '@ashlar/gateway';
import { fieldsOf, invalidRequest } from './request-body.ts';

/** How far the replacing of replicas, one at a time, has come. */
export interface RollingRestart {
  readonly state: 'none' | 'running' | 'done' | 'failed';
  readonly replaced: readonly string[];
  readonly left: readonly string[];
  readonly error?: string;
}

/** The replicas of the services, where each is a process of its own. */
export interface FleetControl {
  readonly services: readonly string[];
  /** How many replicas a service may have. */
  readonly most: number;
  /** Answers at once; replicas come and go afterwards. */
  scale(service: string, replicas: number): void;
  /** Begins to replace the replicas of these services. Answers false while another restart runs. */
  restart(services: readonly string[]): boolean;
  readonly lastRestart: RollingRestart;
}

export function scaleService(fleet: FleetControl | undefined, exchange: Exchange): Answer {
  const { service = '' } = exchange.parameters;
  const running = whereThereIs(fleet);
  if (!running.services.includes(service)) throw notFound();
  const { replicas } = fieldsOf(exchange, ['replicas']);
  if (!isCount(replicas, running.most)) {
    throw invalidRequest({ path: '/replicas', message: `must be a whole number from 1 to ${running.most}` });
  }
  running.scale(service, replicas);
  return { status: 202, body: { service, replicas } };
}

export function restartServices(fleet: FleetControl | undefined, exchange: Exchange): Answer {
  const running = whereThereIs(fleet);
  const { services = running.services } = fieldsOf(exchange, ['services']);
  if (!isListOf(services, running.services)) {
    throw invalidRequest({ path: '/services', message: `must be some of ${running.services}` });
  }
  if (!running.restart(services))
    throw new Refusal(409, 'restart_running', { detail: 'Another restart is not finished yet.' });
  return { status: 202, body: running.lastRestart };
}

export const readRestart = (fleet: FleetControl | undefined): Answer => ({
  status: 200,
  body: whereThereIs(fleet).lastRestart,
});

function whereThereIs(fleet: FleetControl | undefined): FleetControl {
  if (fleet) return fleet;
  const detail = 'All services run in one process: start the system with --topology processes.';
  throw new Refusal(409, 'one_process', { detail });
}

const isCount = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;

const isListOf = (value: unknown, known: readonly string[]): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => known.includes(one));
