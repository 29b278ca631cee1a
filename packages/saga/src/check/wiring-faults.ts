import type { Contract } from '@ashlar/messaging';
import type { AnyStep } from '../definition.ts';
import type { SagaHandlers } from '../saga-runtime.ts';
import { answerFault, undoingAnswerFault } from './answer-faults.ts';
import { contractOf, type Meaning, type Sense, serviceOf, type WiredStep } from './wired-step.ts';

/** When a fault of a step shows. */
export type Moment = 'do' | 'undo' | 'refused' | 'timed_out';
/** What is wrong with a step, by the moment at which it shows. */
export type Faults = { readonly [moment in Moment]?: string | undefined };

interface Surroundings {
  readonly names: readonly string[];
  readonly meanings: ReadonlyMap<string, Meaning>;
  readonly handlers: Pick<SagaHandlers<never>, 'steps'> | undefined;
  readonly data: never;
  readonly isChoreography: boolean;
}

const TELLS: Readonly<Record<Sense, string>> = {
  do: 'asks for',
  undo: 'asks to undo',
  done: 'tells the success of',
  refused: 'tells the refusal of',
  undone: 'tells the undoing of',
};

/** What is wrong with a step itself: the types forbid it, but not every definition has been through them. */
export function faultsOf(step: AnyStep<never>, wired: WiredStep, around: Surroundings): Faults {
  const { name, local } = step;
  if (around.names.indexOf(name) !== around.names.lastIndexOf(name)) {
    const shared = `Two steps are called "${name}".`;
    return { do: shared, undo: shared };
  }
  if (local) return ofHandlers(wired, around);
  const check = (sense: Sense) => foreign(step, wired, sense) ?? ambiguous(wired, around, sense);
  const asks = contractOf(step.do, around.data);
  const undoes = contractOf(step.undo, around.data);
  const replies = untold(wired, 'done') ?? check('done') ?? untoldRefusal(wired) ?? check('refused');
  return {
    do:
      needlessUndoing(step) ??
      (around.isChoreography
        ? undefined
        : (noCommand(name, 'do', asks) ?? changesItsWords(step, wired, around.data))) ??
      check('do') ??
      replies ??
      answerFault(step, asks) ??
      astrayAmong(step),
    undo:
      (around.isChoreography ? undefined : noCommand(name, 'undo', undoes)) ??
      check('undo') ??
      untold(wired, 'undone') ??
      check('undone') ??
      undoingAnswerFault(step, undoes),
    // That a retriable step is refused is worse than that nobody knows why.
    refused: step.kind === 'retriable' || isText(step.reason) ? undefined : unexplained(name, 'refused'),
    timed_out: step.kind !== 'compensatable' || isText(step.timedOut) ? undefined : unexplained(name, 'silent'),
  };
}

const isText = (text: unknown): boolean => typeof text === 'string' && text !== '';

const noCommand = (name: string, sense: 'do' | 'undo', contract: Contract | undefined): string | undefined =>
  contract && contract.kind !== 'command'
    ? `${contract.type} ${TELLS[sense]} "${name}", but is no command.`
    : undefined;

/** A participant that is asked again has to know that it is the same which is asked. */
function changesItsWords(step: AnyStep<never>, { name, types, again }: WiredStep, data: never): string | undefined {
  if (again === undefined) return undefined;
  if (again !== types.do) return `"${name}" is asked for by ${types.do}, and then by ${again}.`;
  const [first, second] = [step.do, step.again].map((build) => JSON.stringify(build?.(data).data));
  return first === second ? undefined : `"${name}" is asked for by ${again} with ${first}, and then with ${second}.`;
}

const untoldRefusal = (wired: WiredStep): string | undefined =>
  wired.kind === 'retriable' ? undefined : untold(wired, 'refused');

const astrayAmong = ({ done, refused, undone }: AnyStep<never>): string | undefined =>
  [done, refused, undone].map((reply) => reply && wayAstray(reply)).find((found) => found !== undefined);

/** Whether a contract travels where nobody would look for it. */
export function wayAstray({ type, kind, channel }: Contract): string | undefined {
  const usual = `${serviceOf(type)}.${kind}s`;
  return channel === usual ? undefined : `${type} travels on ${channel}, and not on ${usual}.`;
}

function ofHandlers({ name, kind }: WiredStep, { handlers }: Surroundings): Faults {
  if (!handlers) return {};
  const handler = handlers.steps?.[name];
  if (!handler) return { do: `"${name}" is local and has no handler.` };
  if (kind !== 'compensatable' && handler.undo) return { do: needless(name) };
  return kind === 'compensatable' && !handler.undo ? { undo: `The handler of "${name}" knows no undo.` } : {};
}

const unexplained = (name: string, when: string): string =>
  `"${name}" does not say why the saga fails when it is ${when}.`;

const needlessUndoing = <S>({ name, kind, undo, undone }: AnyStep<S>): string | undefined =>
  kind !== 'compensatable' && (undo || undone) ? needless(name) : undefined;

const needless = (name: string): string =>
  `"${name}" knows how to be undone, but stands where nothing is undone any more.`;

const untold = ({ name, types }: WiredStep, sense: 'done' | 'refused' | 'undone'): string | undefined =>
  types[sense] === undefined ? `Nothing ${TELLS[sense]} "${name}".` : undefined;

/** Whether a message goes to, or comes from, somebody else than the participant whose step it is. */
function foreign<S>(step: AnyStep<S>, { name, home, types }: WiredStep, sense: Sense): string | undefined {
  const type = types[sense];
  // Whoever acts upon an event, as in a choreography, may hear it from anybody.
  if (type === undefined || sense === 'do') return undefined;
  if (sense !== 'undo' && step[sense]?.kind !== 'event') return `${type} ${TELLS[sense]} "${name}", but is no event.`;
  return serviceOf(type) === home ? undefined : `"${name}" belongs to ${home}, but ${type} ${TELLS[sense]} it.`;
}

function ambiguous({ name, types }: WiredStep, { meanings }: Surroundings, sense: Sense): string | undefined {
  const type = types[sense];
  const meaning = type === undefined ? undefined : meanings.get(type);
  if (!meaning || (meaning.step.name === name && meaning.sense === sense)) return undefined;
  return `${type} ${TELLS[sense]} "${name}", and ${TELLS[meaning.sense]} "${meaning.step.name}" as well.`;
}
