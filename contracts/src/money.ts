import Type from 'typebox';

/** An integer amount in minor units, and an ISO 4217 code. */
export const Money = Type.Object({
  amount: Type.Integer(),
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
});
