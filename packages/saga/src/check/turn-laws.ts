import { violation } from '@ashlar/messaging';
import type { Input, Output, StepStatus } from '../engine.ts';
import type { Flaw, Law } from './flaw.ts';
import type { Side } from './observed-saga.ts';
import { misshapen } from './sample-shape.ts';
import type { WiredStep } from './wired-step.ts';
import type { Wiring } from './wiring.ts';
import { type Moment, wayAstray } from './wiring-faults.ts';

/** One call of the engine. */
interface Turned {
  readonly before: Side;
  readonly input: Input;
  readonly after: Side;
  readonly outputs: readonly Output[];
}

/** The laws that can be told from the saga alone, whatever the participants have done. */
const TURN_LAWS: readonly (readonly [Law, (wiring: Wiring, turned: Turned) => string | undefined])[] = [
  ['form', isWellFormed],
  ['end', endsOnce],
  ['key', saysUnderItsKey],
  ['wiring', keepsContracts],
  ['wiring', speaksToThoseWhoListen],
  ['wiring', isWellWired],
  ['silence', sendsWhatItAsks],
  ['order', staysTurned],
  ['order', undoesNothingRefused],
  ['turn', heedsTimeouts],
  ['turn', heedsCancellations],
];

export function flawOfTurn(wiring: Wiring, turned: Turned): Flaw | undefined {
  for (const [law, check] of TURN_LAWS) {
    const what = check(wiring, turned);
    if (what !== undefined) return { law, what };
  }
  return undefined;
}

export const isPastReturn = (wiring: Wiring, { asked }: Side): boolean =>
  wiring.pointOfNoReturn !== undefined && asked.has(wiring.pointOfNoReturn.index);

function isWellFormed({ malformed }: Wiring, { input }: Turned): string | undefined {
  return input.type === 'start' ? malformed : undefined;
}

function endsOnce(_: Wiring, { before, after, outputs }: Turned): string | undefined {
  const ends = outputs.filter(({ type }) => type === 'ended').length;
  const hasEnded = before.state.direction !== 'ended' && after.state.direction === 'ended';
  if (ends > 1) return `The saga ends ${ends} times at once.`;
  if (ends === 1 && !hasEnded) return 'The saga says that it has ended, and goes on.';
  return ends === 0 && hasEnded ? 'The saga ends without saying so.' : undefined;
}

const sendsOf = (outputs: readonly Output[]) =>
  outputs.flatMap((output) => (output.type === 'send' ? [output.message] : []));

function saysUnderItsKey({ sagaId }: Wiring, { outputs }: Turned): string | undefined {
  const wrong = sendsOf(outputs).find(({ key }) => key !== sagaId);
  if (!wrong) return undefined;
  const under = wrong.key === undefined ? 'no key' : `the key "${wrong.key}"`;
  return `${wrong.contract.type} goes under ${under}, not under the saga's own.`;
}

/** Data that nobody has invented are held against the contract as far as names and kinds of values go. */
function keepsContracts({ isReal }: Wiring, { outputs }: Turned): string | undefined {
  const [found] = sendsOf(outputs).flatMap(({ contract, data }) => {
    const wrong = isReal ? violation(contract, data) : misshapen(contract.schema, data);
    return wrong === undefined ? [] : [`${contract.type} breaks its contract: ${wrong}.`];
  });
  return found;
}

function speaksToThoseWhoListen({ announcements }: Wiring, { outputs }: Turned): string | undefined {
  for (const { contract } of sendsOf(outputs)) {
    const astray = wayAstray(contract);
    if (astray !== undefined) return astray;
    if (announcements.includes(contract.type) && contract.kind !== 'event')
      return `${contract.type} is to be heard by all, but is no event.`;
  }
  return undefined;
}

const MOMENTS: { readonly [status in StepStatus]?: Moment } = {
  sent: 'do',
  compensating: 'undo',
  refused: 'refused',
  timed_out: 'timed_out',
};

interface Change {
  readonly step: WiredStep;
  readonly status: StepStatus;
}

/** The statuses that steps have come to, and those that they passed on the way. */
function changesOf(wiring: Wiring, { before, after, outputs }: Turned): readonly Change[] {
  const passed = outputs.flatMap((output) =>
    output.type === 'progress' ? [{ step: wiring.stepNamed(output.step), status: output.status }] : [],
  );
  const reached = after.state.steps.flatMap(({ status }, index) =>
    status === before.state.steps[index]!.status ? [] : [{ step: wiring.steps[index]!, status }],
  );
  return [...passed, ...reached];
}

function isWellWired(wiring: Wiring, turned: Turned): string | undefined {
  const [found] = changesOf(wiring, turned).flatMap(({ step, status }) => {
    const moment = MOMENTS[status];
    const fault = moment && wiring.faultOf(step.name, moment);
    return fault === undefined ? [] : [fault];
  });
  return found;
}

function sendsWhatItAsks(wiring: Wiring, turned: Turned): string | undefined {
  const sent = sendsOf(turned.outputs).map(({ contract }) => contract.type);
  const isSilent = ({ local, kind, types }: WiredStep, action: 'do' | 'undo'): boolean => {
    // In a choreography the participants act by themselves, but for what the saga asks, which is the pivot at least.
    const isOwed = !wiring.isChoreography || (action === 'do' && (kind === 'pivot' || types.do !== undefined));
    return !local && isOwed && !sent.includes(types[action] ?? 'nothing');
  };
  const [found] = changesOf(wiring, turned).flatMap(({ step, status }) => {
    const action = status === 'sent' ? 'do' : status === 'compensating' ? 'undo' : undefined;
    if (!action || !isSilent(step, action)) return [];
    return [`"${step.name}" is to be ${action === 'do' ? 'done' : 'undone'}, but nobody is asked.`];
  });
  return found;
}

function staysTurned(wiring: Wiring, turned: Turned): string | undefined {
  const { before, after } = turned;
  if (before.state.direction !== 'backward') return undefined;
  if (after.state.direction === 'forward') return 'The saga had turned back, and goes forward again.';
  const asked = changesOf(wiring, turned).find(({ status }) => status === 'sent');
  return asked && `"${asked.step.name}" is asked for, although the saga has turned back.`;
}

/** A participant would bear it, but who has refused has nothing to take back. */
function undoesNothingRefused(wiring: Wiring, turned: Turned): string | undefined {
  const changes = changesOf(wiring, turned);
  const undone = changes.find(({ step, status }) => {
    const wasRefused = turned.before.state.steps[step.index]!.status === 'refused';
    const isRefused = changes.some((other) => other.step === step && other.status === 'refused');
    return status === 'compensating' && (wasRefused || isRefused);
  });
  return undone && `"${undone.step.name}" is undone, although it was refused.`;
}

function heedsTimeouts(wiring: Wiring, { before, input, after }: Turned): string | undefined {
  if (input.type !== 'timeout' || before.state.direction !== 'forward' || isPastReturn(wiring, before))
    return undefined;
  if (after.state.direction !== 'forward') return undefined;
  return 'A time-out before the point of no return does not lead back.';
}

function heedsCancellations(wiring: Wiring, { before, input, after }: Turned): string | undefined {
  if (input.type !== 'cancel' || isPastReturn(wiring, before)) return undefined;
  const { direction, cancelled } = after.state;
  if (direction !== 'forward' && cancelled) return undefined;
  return 'A cancellation before the point of no return is not heeded.';
}
