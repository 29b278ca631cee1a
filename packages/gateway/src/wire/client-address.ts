import { BlockList, isIP } from 'node:net';
import type { HeaderList } from './header-list.ts';

/** Who is at the other end, as far as it can be believed. */
export interface Client {
  readonly address: string;
  readonly scheme: 'http' | 'https';
}

/** Tells clients apart. Forwarding headers count only when they come from a trusted address or network. */
export function clientReader(
  trustedProxies: readonly string[],
): (remoteAddress: string, headers: HeaderList, isSecure: boolean) => Client {
  const trusted = blockListOf(trustedProxies);
  return (remoteAddress, headers, isSecure) => {
    const peer = plainAddress(remoteAddress);
    const scheme = isSecure ? 'https' : 'http';
    if (trustedProxies.length === 0 || !contains(trusted, peer)) return { address: peer, scheme };
    const told = headers.get('x-forwarded-proto') === 'https' ? 'https' : scheme;
    return { address: nearestStranger(headers.get('x-forwarded-for') ?? '', trusted) ?? peer, scheme: told };
  };
}

/** The last address of the chain that is no proxy of ours: everything before it may be invented. */
function nearestStranger(forwardedFor: string, trusted: BlockList): string | undefined {
  const chain = forwardedFor.split(',').map((part) => plainAddress(withoutPort(part.trim())));
  const stranger = chain.findLast((address) => !contains(trusted, address));
  return stranger !== undefined && isIP(stranger) !== 0 ? stranger : undefined;
}

const contains = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};

function blockListOf(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const WITH_PORT = /^(?:\[([\da-f:.]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/i;

/** Some balancers tell the client's port too, and then IPv6 in brackets. */
function withoutPort(told: string): string {
  const [, bracketed, plain] = WITH_PORT.exec(told) ?? [];
  return (bracketed ?? plain ?? told).toLowerCase();
}

const plainAddress = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address);

/** An IPv6 client has a whole /64 of addresses: it is counted as one. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean);
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0');
  return `${[...groups, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}
