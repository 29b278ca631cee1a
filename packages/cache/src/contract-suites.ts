export { cacheTierContract, type TierContractOptions } from './cache-tier.contract.ts';
