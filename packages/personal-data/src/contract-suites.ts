export { personalKeysContract } from './personal-keys.contract.ts';
