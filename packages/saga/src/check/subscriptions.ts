import type { ConsumerDefinition, Message } from '@ashlar/messaging';
import { type SagaDefinition, stepsOf } from '../definition.ts';
import type { Reaction } from './reactions.ts';
import { sampleData } from './sample-data.ts';
import { contractOf } from './wired-step.ts';

/** A participant as its composition root makes it. It is of no use afterwards: its use cases do nothing any more. */
export interface Participant {
  /** Its use cases, by name. */
  readonly application: object;
  readonly consumers: readonly Pick<ConsumerDefinition, 'subscriptions'>[];
}

/** A process without an orchestrator, by those who take part in it. */
export interface Choreography<S extends { readonly id: string }> {
  /** The same process by commands: it tells which step a use case does or undoes. */
  readonly orchestration: SagaDefinition<S>;
  readonly participants: Readonly<Record<string, Participant>>;
  /**
   * The step that is done once several use cases have been called, whichever comes first: `{
   * 'inventory.expectOrder.execute': 'reserve stock' }`.
   */
  readonly together?: Readonly<Record<string, string>>;
}

type Deed = Pick<Reaction, 'step' | 'action'>;

/**
 * The table of a choreography, read out of the subscriptions of its participants: each of them is handed a message, and
 * the use case that it calls tells what follows. So the table is what runs, and no second one has to be kept true.
 */
export async function reactionsOf<S extends { readonly id: string }>(
  choreography: Choreography<S>,
): Promise<Reaction[]> {
  const { orchestration, participants, together = {} } = choreography;
  const commands = deedsByCommand(orchestration);
  const tables = Object.entries(participants).map(async ([participant, { application, consumers }]) => {
    const calls = await callsOf(application, consumers);
    const deeds = new Map(calls.flatMap(({ type, call }) => (commands.has(type) ? [[call, commands.get(type)!]] : [])));
    const events = calls.filter(({ type }) => !commands.has(type));
    const single = events.flatMap(({ type, call }) => {
      const deed = deeds.get(call);
      return deed ? [{ participant, ...deed, upon: [type] }] : [];
    });
    const parts = events.flatMap(({ type, call }) => {
      const step = together[`${participant}.${call}`];
      return step === undefined ? [] : [{ step, type }];
    });
    const joint = [...Map.groupBy(parts, ({ step }) => step)].map(([step, cues]) => {
      return { participant, step, action: 'do' as const, upon: [...new Set(cues.map(({ type }) => type))] };
    });
    return [...joint, ...single];
  });
  return (await Promise.all(tables)).flat();
}

function deedsByCommand<S extends { readonly id: string }>(
  orchestration: SagaDefinition<S>,
): ReadonlyMap<string, Deed> {
  const data = sampleData<S>();
  const deeds = stepsOf(orchestration).flatMap((step) =>
    (['do', 'undo'] as const).flatMap((action) => {
      const type = contractOf(step[action], data)?.type;
      return type === undefined ? [] : [[type, { step: step.name, action }] as const];
    }),
  );
  return new Map(deeds);
}

interface Call {
  readonly type: string;
  /** `reserveStock.execute` */
  readonly call: string;
}

/** Which use cases are called upon which message. */
async function callsOf(application: object, consumers: Participant['consumers']): Promise<readonly Call[]> {
  const called: string[] = [];
  for (const [name, useCase] of Object.entries(application)) {
    for (const method of methodsOf(useCase as object))
      Object.defineProperty(useCase, method, { value: async () => void called.push(`${name}.${method}`) });
  }
  const calls: Call[] = [];
  for (const { contract, handle } of consumers.flatMap(({ subscriptions }) => subscriptions)) {
    await handle({ type: contract.type, data: sampleData() } as Message);
    calls.push(...called.splice(0).map((call) => ({ type: contract.type, call })));
  }
  return calls;
}

/** All that can be called, inherited or not. */
function methodsOf(useCase: object): string[] {
  const names = new Set<string>();
  for (let owner = useCase; owner && owner !== Object.prototype; owner = Object.getPrototypeOf(owner) as object)
    for (const name of Object.getOwnPropertyNames(owner)) names.add(name);
  names.delete('constructor');
  return [...names].filter((name) => typeof Reflect.get(useCase, name) === 'function');
}
