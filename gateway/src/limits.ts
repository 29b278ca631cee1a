import type { Limits } from '@ashlar/gateway';

/** 200 a second with bursts of 400. The strict windows are for what guesses passwords and makes accounts. */
export const limits: Limits = {
  default: [{ name: 'default', by: 'caller', quota: 400, windowSeconds: 2, shape: 'bucket' }],
  'sign-in': [
    { name: 'sign-in', by: 'address', quota: 300, windowSeconds: 60, shape: 'window' },
    { name: 'e-mail', by: { bodyField: 'email' }, quota: 10, windowSeconds: 60, shape: 'window', fixed: true },
  ],
  'sign-up': [{ name: 'sign-up', by: 'address', quota: 300, windowSeconds: 60, shape: 'window' }],
};
