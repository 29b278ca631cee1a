import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey, clientReader } from './client-address.ts';
import { HeaderList } from './header-list.ts';

const from = (remoteAddress: string, forwardedFor?: string, proto?: string) => {
  const told = {
    ...(forwardedFor && { 'x-forwarded-for': forwardedFor }),
    ...(proto && { 'x-forwarded-proto': proto }),
  };
  return [remoteAddress, HeaderList.of(told), false] as const;
};

test('a stranger is taken for who is connected, whatever it tells', () => {
  const read = clientReader(['10.0.0.0/8']);
  deepStrictEqual(read(...from('203.0.113.9', '1.2.3.4', 'https')), { address: '203.0.113.9', scheme: 'http' });
  deepStrictEqual(clientReader([])(...from('::ffff:203.0.113.9', '1.2.3.4')).address, '203.0.113.9');
});

test('of a trusted proxy the nearest stranger is believed, and nothing that the stranger has told', () => {
  const read = clientReader(['10.0.0.0/8', '::1']);
  deepStrictEqual(read(...from('10.1.1.1', '6.6.6.6, 203.0.113.9, 10.2.2.2', 'https')), {
    address: '203.0.113.9',
    scheme: 'https',
  });
  strictEqual(read(...from('::1', 'rubbish')).address, '::1');
  strictEqual(read(...from('::1', '6.6.6.6, rubbish')).address, '::1');
  strictEqual(read(...from('10.1.1.1')).address, '10.1.1.1');
});

test('a proxy may tell a port behind the address, and spell it as it likes', () => {
  const read = clientReader(['10.0.0.0/8']);
  for (const [told, address] of [
    ['6.6.6.6, 203.0.113.9:4711', '203.0.113.9'],
    ['203.0.113.9:4711, 10.2.2.2:80', '203.0.113.9'],
    ['[2001:DB8::1]:4711', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['::FFFF:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:4711:1', '10.1.1.1'],
    ['[203.0.113.9', '10.1.1.1'],
  ] as const)
    strictEqual(read(...from('10.1.1.1', told)).address, address, told);
});

test('all addresses of one IPv6 network are one client', () => {
  strictEqual(addressKey('2001:db8:1:2:3:4:5:6'), addressKey('2001:db8:1:2::9'));
  strictEqual(addressKey('2001:db8::1'), '2001:db8:0:0::/64');
  strictEqual(addressKey('203.0.113.9'), '203.0.113.9');
});
