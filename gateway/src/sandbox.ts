import { type Answer, type Exchange, notFound } from '@ashlar/gateway';
import { invalidRequest, isRecord } from './request-body.ts';

/** How a part of the outside world misbehaves. */
export interface Fault {
  readonly mode: 'none' | 'errors' | 'slow' | 'reset' | 'garbage';
  readonly rate?: number;
  readonly delayMs?: number;
}

export interface Faults {
  readonly cardProcessor?: Fault;
  readonly carrier?: Fault;
}

export interface SandboxState {
  readonly cardProcessor: Fault;
  readonly carrier: Fault;
}

/** The outside world, while it is a sandbox. */
export interface SandboxControl {
  read(): SandboxState | Promise<SandboxState>;
  /** A part that is not named stays as it is. */
  set(faults: Faults): void | Promise<void>;
}

/** The faults that are set, and what the outside world has really done. */
export async function readSandbox(sandbox: SandboxControl | undefined): Promise<Answer> {
  if (!sandbox) throw notFound();
  return { status: 200, body: await sandbox.read() };
}

export async function setSandbox(sandbox: SandboxControl | undefined, exchange: Exchange): Promise<Answer> {
  if (!sandbox) throw notFound();
  await sandbox.set(readFaults(exchange.json()));
  const { cardProcessor, carrier } = await sandbox.read();
  return { status: 200, body: { cardProcessor, carrier } };
}

interface Wrong {
  readonly path: string;
  readonly message: string;
}

const PARTS = ['cardProcessor', 'carrier'];
const MODES: readonly unknown[] = ['none', 'errors', 'slow', 'reset', 'garbage'] satisfies Fault['mode'][];
const LONGEST_DELAY_MS = 600_000;

function readFaults(body: unknown): Faults {
  const wrong = isRecord(body) ? wrongIn(body) : [{ path: '/', message: 'must be an object' }];
  if (wrong.length === 0) return body as Faults;
  throw invalidRequest(...wrong);
}

function wrongIn(body: Readonly<Record<string, unknown>>): Wrong[] {
  if (Object.keys(body).length === 0) return [{ path: '/', message: 'must name cardProcessor, carrier, or both' }];
  return Object.entries(body).flatMap(([part, fault]) =>
    PARTS.includes(part) ? wrongInFault(fault, `/${part}`) : [{ path: `/${part}`, message: 'is not known' }],
  );
}

const FIELDS: Readonly<Record<string, { readonly isRight: (value: unknown) => boolean; readonly message: string }>> = {
  mode: { isRight: (value) => MODES.includes(value), message: `must be one of ${MODES.join(', ')}` },
  rate: { isRight: (value) => isNumberUpTo(value, 1), message: 'must be a number from 0 to 1' },
  delayMs: {
    isRight: (value) => Number.isInteger(value) && isNumberUpTo(value, LONGEST_DELAY_MS),
    message: `must be an integer from 0 to ${LONGEST_DELAY_MS}`,
  },
};

function wrongInFault(fault: unknown, path: string): Wrong[] {
  if (!isRecord(fault)) return [{ path, message: 'must be an object' }];
  if (!Object.hasOwn(fault, 'mode')) return [{ path: `${path}/mode`, message: 'is missing' }];
  return Object.entries(fault).flatMap(([name, value]) => {
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!field) return [{ path: `${path}/${name}`, message: 'is not known' }];
    return field.isRight(value) ? [] : [{ path: `${path}/${name}`, message: field.message }];
  });
}

const isNumberUpTo = (value: unknown, highest: number): boolean =>
  typeof value === 'number' && value >= 0 && value <= highest;
