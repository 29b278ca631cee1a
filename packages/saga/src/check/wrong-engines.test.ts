import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { type Input, type Output, SagaEngine, type SagaState, type StepStatus } from '../engine.ts';
import { localTrip, TakingFailed, type Trip, trip } from '../trip.fixtures.ts';
import { type CheckOptions, checkSaga } from './check-saga.ts';
import type { Law } from './flaw.ts';

type State = SagaState<Trip>;
type Turn = readonly [State, readonly Output[]];
/** What an engine does wrong, with the right one at hand. */
type Wrong = (right: (state: State, input: Input) => Turn, state: State, input: Input) => Turn;

const wrongly = (wrong: Wrong): NonNullable<CheckOptions<Trip>['engine']> => {
  return (...of) => {
    const engine = new SagaEngine(...of);
    return { advance: (state, input, at) => wrong((...turn) => engine.advance(...turn, at), state, input) };
  };
};

const statusOf = ({ steps }: State, name: string): StepStatus | undefined =>
  steps.find((step) => step.name === name)?.status;
const having = (state: State, name: string, status: StepStatus): State => ({
  ...state,
  steps: state.steps.map((step) => (step.name === name ? { ...step, status } : step)),
});
const compensated: Output = { type: 'ended', outcome: 'compensated' };
const isSend = ({ type }: Output) => type === 'send';

interface Row {
  readonly title: string;
  readonly law: Law;
  readonly steps: number;
  readonly wrong: Wrong;
}

const ROWS: readonly Row[] = [
  {
    title: 'ends instead of undoing the first step',
    law: 'money',
    steps: 2,
    wrong: (right, state, input) => {
      const [next, outputs] = right(state, input);
      if (statusOf(next, 'hold money') !== 'compensating') return [next, outputs];
      return [{ ...having(next, 'hold money', 'compensated'), direction: 'ended' }, [compensated]];
    },
  },
  {
    title: 'says that it undoes, and sends nothing',
    law: 'silence',
    steps: 2,
    wrong: (right, state, input) => {
      const [next, outputs] = right(state, input);
      return [next, next.direction === 'backward' ? outputs.filter((output) => !isSend(output)) : outputs];
    },
  },
  {
    title: 'is cancelled after the pivot was asked for',
    law: 'repetition',
    steps: 8,
    wrong: (right, state, input) =>
      input.type === 'cancel' && statusOf(state, 'take money') === 'sent'
        ? right(having(state, 'take money', 'pending'), input)
        : right(state, input),
  },
  {
    title: 'does not heed a cancellation',
    law: 'turn',
    steps: 2,
    wrong: (right, state, input) => (input.type === 'cancel' ? [state, []] : right(state, input)),
  },
  {
    title: 'ends twice',
    law: 'end',
    steps: 3,
    wrong: (right, state, input) => {
      const [next, outputs] = right(state, input);
      return [next, [...outputs, ...outputs.filter(({ type }) => type === 'ended')]];
    },
  },
  {
    title: 'is moved by what comes after the end',
    law: 'repetition',
    steps: 4,
    wrong: (right, state, input) =>
      state.direction === 'ended' && input.type === 'reply' ? [{ ...state, reason: 'other' }, []] : right(state, input),
  },
  {
    title: 'takes a late success for one in time',
    law: 'repetition',
    steps: 4,
    wrong: (right, state, input) =>
      input.type === 'reply' && input.contract === 'bank.MoneyHeld.v1' && state.direction === 'backward'
        ? [having(state, 'hold money', 'done'), []]
        : right(state, input),
  },
  {
    title: 'asks for the next step when a success comes again',
    law: 'repetition',
    steps: 4,
    wrong: (right, state, input) => {
      const isAgain =
        input.type === 'reply' && statusOf(state, 'hold money') === 'done' && state.direction === 'forward';
      if (!isAgain || input.contract !== 'bank.MoneyHeld.v1') return right(state, input);
      return right(state, { type: 'reply', contract: 'flight.FlightBooked.v1' });
    },
  },
  {
    title: 'gives the pivot up when it is silent',
    law: 'no return',
    steps: 8,
    wrong: (right, state, input) =>
      input.type === 'timeout' && statusOf(state, 'take money') === 'sent'
        ? right(state, { type: 'reply', contract: TakingFailed.type })
        : right(state, input),
  },
  {
    title: 'gives the pivot up when it has been silent for long',
    law: 'engine',
    steps: 9,
    wrong: (right, state, input) =>
      input.type === 'timeout' && state.steps[3]!.status === 'sent' && state.steps[3]!.attempts > 9
        ? right(state, { type: 'reply', contract: TakingFailed.type })
        : right(state, input),
  },
  {
    title: 'never asks again',
    law: 'way out',
    steps: 4,
    wrong: (right, state, input) => {
      const [next, outputs] = right(state, input);
      const isRepeated = input.type === 'timeout' && next.direction === state.direction;
      return [next, isRepeated ? outputs.filter((output) => !isSend(output)) : outputs];
    },
  },
  {
    title: 'asks for the pivot too early',
    law: 'order',
    steps: 3,
    wrong: (right, state, input) => {
      const [next, outputs] = right(state, input);
      return statusOf(next, 'book flight') === 'sent'
        ? right(having(having(state, 'book flight', 'done'), 'book hotel', 'done'), input)
        : [next, outputs];
    },
  },
  {
    title: 'takes a refusal for a success',
    law: 'order',
    steps: 3,
    wrong: (right, state, input) =>
      right(
        state,
        input.type === 'reply' ? { ...input, contract: input.contract.replace('MoneyRefused', 'MoneyHeld') } : input,
      ),
  },
];

for (const { title, law, steps, wrong } of ROWS) {
  test(`the check notices an engine that ${title}`, () => {
    const [found] = checkSaga(trip, { engine: wrongly(wrong) }).flaws;
    ok(found, 'nothing is found');
    deepStrictEqual([found.law, found.steps.length], [law, steps], `${found.flaw}\n${found.steps.join('\n')}`);
  });
}

test('the check notices an engine that remembers what it is not told', () => {
  let times = 0;
  const forgetful = wrongly((right, state, input) => (times++ % 5 === 4 ? [state, []] : right(state, input)));
  deepStrictEqual(checkSaga(trip, { engine: forgetful }).flaws[0]?.law, 'engine');
});

test('the check notices an engine that changes a state in its place', () => {
  const rough = wrongly((right, state, input) => {
    Object.assign(state.steps[0]!, { attempts: 7 });
    return right(state, input);
  });
  deepStrictEqual(checkSaga(trip, { engine: rough }).flaws[0]?.law, 'engine');
});

test('the check notices an engine that skips the undoing of a local step', () => {
  const lazy = wrongly((right, state, input) => {
    const [next, outputs] = right(state, input);
    if (!outputs.some((output) => output.type === 'local' && output.action === 'undo')) return [next, outputs];
    return [{ ...having(next, 'count seat', 'compensated'), direction: 'ended' }, [compensated]];
  });
  deepStrictEqual(
    checkSaga(localTrip, { engine: lazy }).flaws[0]?.flaw,
    'All ought to be undone in the end, but "count seat" is done.',
  );
});
