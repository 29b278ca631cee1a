/**
 * The decisions of an aggregate, pure: what a command leads to, and what each event changes (Chassaing 2021,
 * "Functional event sourcing decider").
 */
export interface Decider<Command, Event, State> {
  readonly initial: State;
  decide(command: Command, state: State): Event[];
  evolve(state: State, event: Event): State;
}
