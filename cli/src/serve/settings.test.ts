import { deepStrictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../settings.ts';
import { readServeSettings } from './settings.ts';

const faultsOf = (...given: Parameters<typeof readServeSettings>): readonly string[] => {
  try {
    readServeSettings(...given);
    return [];
  } catch (error) {
    return (error as UsageError).faults;
  }
};

const missing = (...names: readonly string[]) => names.map((name) => `${name} has to be given.`);

test('a service needs its database and the keys of the gateways, and the user service its first password', () => {
  deepStrictEqual(faultsOf('order', {}), missing('DATABASE_URL', 'GATEWAY_KEYS_FILE'));
  deepStrictEqual(faultsOf('user', {}), missing('DATABASE_URL', 'GATEWAY_KEYS_FILE', 'ADMIN_PASSWORD'));
  deepStrictEqual(faultsOf('gateway', {}), missing('GATEWAY_KEY_FILE'));
  deepStrictEqual(faultsOf('sandbox', {}), []);
});

test('all faults are told at once, and no value is repeated', () => {
  const faults = faultsOf('payment', {
    ...{ DATABASE_URL: 'mysql://me:secret@db', PORT: '0', SAGA_STYLE: 'ballet', GATEWAY_KEYS_FILE: 'keys.pem' },
  });
  deepStrictEqual(
    faults.map((fault) => fault.split(' ')[0]),
    ['PORT', 'DATABASE_URL', 'SAGA_STYLE'],
  );
  deepStrictEqual(
    faults.filter((fault) => /secret|ballet/.test(fault)),
    [],
  );
});

test('balancers are trusted by their networks, and by nothing else', () => {
  const read = (networks: string) => {
    const settings = readServeSettings('gateway', { TRUSTED_PROXIES: networks, GATEWAY_KEY_FILE: 'key.pem' });
    return 'trustedProxies' in settings && settings.trustedProxies;
  };
  deepStrictEqual(read('10.0.0.0/8,fd00::/8'), ['10.0.0.0/8', 'fd00::/8']);
  throws(() => read('everybody'), UsageError);
});
