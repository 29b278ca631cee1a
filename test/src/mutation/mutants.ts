import type { Mutant } from './mutant.ts';
import { IN_MESSAGES } from './mutants/messages.ts';
import { IN_OVERLOOKED } from './mutants/overlooked.ts';
import { IN_PRIVACY } from './mutants/privacy.ts';
import { IN_REPLICAS } from './mutants/replicas.ts';
import { IN_SAGAS } from './mutants/sagas.ts';
import { IN_SELDOM } from './mutants/seldom.ts';
import { IN_STORAGE } from './mutants/storage.ts';

export const MUTANTS: readonly Mutant[] = [
  ...IN_MESSAGES,
  ...IN_SAGAS,
  ...IN_STORAGE,
  ...IN_REPLICAS,
  ...IN_PRIVACY,
  ...IN_SELDOM,
  ...IN_OVERLOOKED,
];
