import { personalKeysContract } from '@ashlar/personal-data/contract-suites';
import { onMemory } from '../memory-stage.ts';
import { MemoryPersonalKeys } from './memory-personal-keys.ts';

personalKeysContract('memory', { makeStage: onMemory((platform) => new MemoryPersonalKeys(platform)) });
