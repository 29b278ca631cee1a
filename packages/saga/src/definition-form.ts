import type { LocalStep, SagaDefinition, Step } from './definition.ts';

type Kind = 'compensatable' | 'pivot' | 'retriable';

const OF_DEFINITION = ['name', 'version', 'compensatable', 'pivot', 'retriable', 'announce'];
const OF_LOCAL_STEP = ['name', 'timeoutMs', 'local', 'kind'];
const OF_STEP = [...OF_LOCAL_STEP, 'do', 'done'];
/** That a retriable step is refused, or the pivot undone, is told by the walk, with the way that leads there. */
const OF_KIND: Readonly<Record<Kind, readonly string[]>> = {
  compensatable: [...OF_STEP, 'refused', 'reason', 'undo', 'undone', 'timedOut'],
  pivot: [...OF_STEP, 'refused', 'reason', 'again', 'undo', 'undone'],
  retriable: [...OF_STEP, 'again', 'refused', 'reason', 'undo', 'undone'],
};

/**
 * What is wrong with a definition as it is written, whatever its steps mean: something that is no name, version or
 * time, and whatever nobody heeds. The types forbid it, but not every definition has been through them.
 */
export function faultOfForm(definition: SagaDefinition<never>): string | undefined {
  if (!isObject(definition)) return `A saga is told by an object, and not by ${describe(definition)}.`;
  const { name, version, compensatable, pivot, retriable = [] } = definition;
  if (!isName(name)) return 'A saga has no name.';
  const saga = `The saga ${name}`;
  if (!Number.isSafeInteger(version) || version < 1) return `${saga} has the version ${version}: they count from 1.`;
  if (!Array.isArray(compensatable) || !Array.isArray(retriable) || Array.isArray(pivot))
    return `${saga} needs lists of compensatable and retriable steps, and one pivot at most.`;
  if (compensatable.length + retriable.length === 0 && !pivot) return `${saga} has no steps.`;
  const unheeded = strangerIn(definition, OF_DEFINITION);
  if (unheeded) return `${saga} says "${unheeded}", which nobody heeds.`;
  const rows: readonly (readonly [Kind, readonly (Step<never> | LocalStep)[]])[] = [
    ['compensatable', compensatable],
    ['pivot', pivot === undefined ? [] : [pivot]],
    ['retriable', retriable],
  ];
  const [fault] = rows.flatMap(([kind, steps]) => steps.flatMap((step) => faultOfStep(step, kind) ?? []));
  return fault && `${saga} cannot work: ${fault}`;
}

function faultOfStep(step: Step<never> | LocalStep, kind: Kind): string | undefined {
  if (!isObject(step)) return `${describe(step)} is no step.`;
  const { name, timeoutMs } = step;
  if (!isName(name)) return 'one of its steps has no name.';
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
    return `"${name}" waits ${timeoutMs} milliseconds for an answer.`;
  const isLocal = 'local' in step && step.local;
  const stray = strayAnswerOf(step);
  if (stray !== undefined) return `"${name}" is answered by ${describe(stray)}, which is no contract.`;
  const unheeded = strangerIn(step, isLocal ? OF_LOCAL_STEP : OF_KIND[kind]);
  return unheeded && `"${name}" is ${isLocal ? 'local' : kind} and says "${unheeded}", which nobody heeds.`;
}

const ANSWERS = ['done', 'refused', 'undone'];

/** What is said to answer a step, and is nothing that anybody could say. */
const strayAnswerOf = (step: object): unknown =>
  ANSWERS.map((answer): unknown => Reflect.get(step, answer)).find(
    (answer) => answer !== undefined && !(isObject(answer) && 'type' in answer && isName(answer.type)),
  );

/** Whether its steps can be read at all; where they cannot, nothing else can be said of it than its fault. */
export function isReadable(definition: SagaDefinition<never>): boolean {
  if (!isObject(definition)) return false;
  const { compensatable, pivot, retriable = [] } = definition;
  if (!Array.isArray(compensatable) || !Array.isArray(retriable)) return false;
  return [...compensatable, ...(pivot === undefined ? [] : [pivot]), ...retriable].every(
    (step) => isObject(step) && strayAnswerOf(step) === undefined,
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const describe = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

const isName = (name: unknown): name is string => typeof name === 'string' && name.trim() !== '';

/** What is said and not known; what is there without a value says nothing. */
const strangerIn = (of: object, known: readonly string[]): string | undefined =>
  Object.entries(of).find(([name, value]) => value !== undefined && !known.includes(name))?.[0];
