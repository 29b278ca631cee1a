import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { Payment } from '../entities/payment.entity.ts';
import type { PaymentRepository } from './payment.repository.interface.ts';

type Stage = RepositoryStage<PaymentRepository>;

function aPayment(orderId: string): Payment {
  const payment = Payment.for(orderId, 'orchestration');
  payment.reserve('account');
  payment.answerReservation();
  return payment;
}

const paymentRules: Rules<Stage> = {
  'those that are fetched at once are found in that transaction': async ({ repository, transaction }) => {
    await repository.save(aPayment('a'));
    await transaction(async () => {
      const found = await repository.prefetch(['a', 'nobody']);
      deepStrictEqual([found.length, found[0]?.state.orderId], [1, 'a']);
      strictEqual((await repository.find('a'))?.state.status, 'reserved');
      strictEqual(await repository.find('nobody'), undefined);
    });
  },
};

export const paymentRepositoryContract = contractSuite<Stage>(
  aggregateRules<Payment, PaymentRepository>({
    make: aPayment,
    change: (payment) => payment.capture(),
    find: (repository, id) => repository.find(id),
    tells: ['payment.PaymentReserved.v1'],
  }),
  paymentRules,
);
