import { match, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagram } from './diagram.ts';

/** What the command writes, without showing it. */
async function written(t: { mock: typeof import('node:test').mock }, ...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  t.mock.method(console, 'log', (line: string) => void lines.push(line));
  strictEqual(await diagram(args), 0);
  t.mock.restoreAll();
  return lines.join('\n');
}

const participants = (drawn: string) => drawn.match(/participant \w+/g)?.join();

test('a saga is drawn in the style that is asked for, and as an orchestration where none is', async (t) => {
  const orchestration = await written(t, 'saga', 'checkout');
  strictEqual(orchestration.includes('saga-)payment: ReservePayment'), true);
  strictEqual(await written(t, 'saga', 'checkout', '--saga', 'orchestration'), orchestration);
  const choreography = await written(t, 'saga', 'checkout', '--saga', 'choreography');
  strictEqual(choreography.includes('payment-)inventory: PaymentReserved'), true);
  strictEqual(participants(choreography), participants(orchestration));
});

test('who says what to whom is drawn: events as thin arrows, commands as thick ones', async (t) => {
  const drawn = await written(t, 'events');
  strictEqual(drawn.startsWith('flowchart LR\n'), true);
  match(drawn, /^ {2}order ==>\|"[^"]*ReservePayment[^"]*"\| payment$/m);
  match(drawn, /^ {2}product -->\|"[^"]*ProductCreated[^"]*"\| inventory$/m);
});

test('who asks for what is not there is told what is', async () => {
  await rejects(diagram(['saga', 'refund']), /There is no saga refund; there is checkout\./);
  await rejects(diagram(['saga', 'checkout', '--saga', 'both']), /must be orchestration or choreography/);
  await rejects(diagram(['saga']), /ashlar diagram draws "saga NAME"/);
  await rejects(diagram(['saga', 'checkout', '--colour']), /--colour/);
  await rejects(diagram(['events', 'order']), /ashlar diagram draws/);
  await rejects(diagram(['events', '--saga', 'choreography']), /ashlar diagram draws/);
});
