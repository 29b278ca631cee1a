/** The laws that no way through a saga may break. */
export const LAWS = {
  form: 'a definition has a name, a version, steps and times, and says nothing that nobody heeds',
  wiring: 'a contract means one thing, and every message goes to, and comes from, the participant whose step it is',
  key: 'everything that a saga says goes under its own key, or undoing could overtake doing',
  order: 'steps are asked for one after the other, and undone one after the other, the last one first',
  'no return': 'once the pivot is asked for only its refusal leads back; never are both done, the pivot and an undoing',
  money: 'in the end all is done, or all that was asked for and not refused is undone',
  repetition: 'what comes late or again changes nothing',
  end: 'a saga ends once, and has then ended',
  turn: 'a time-out or a cancellation before the point of no return leads back',
  silence: 'nobody waits where nobody has been asked',
  'way out': 'from everywhere answers and time-outs lead to an end',
  completion: 'there is a way on which everything is done',
  engine: 'the same input to the same state has the same result',
} as const;

export type Law = keyof typeof LAWS;

/** A law that is broken, and how, in a sentence. */
export interface Flaw {
  readonly law: Law;
  readonly what: string;
}
