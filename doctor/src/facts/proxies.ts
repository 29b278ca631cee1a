import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCalled, type Part } from '../model/layout.ts';
import { perSystem, type System } from '../model/system.ts';

/** A server that a proxy passes requests on to, by its settings. */
export interface Passed {
  readonly to: Part;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const SETTINGS = /(^|\/)([\w.-]*\.(cfg|conf)(\.template)?|Caddyfile)$/;
/** HAProxy's and nginx's `server`, nginx's `proxy_pass`, Caddy's `reverse_proxy`. */
const PASSES = [
  /^\s*server(?:-template)?\s+(?:[\w.-]+\s+(?:[\d-]+\s+)?)?([a-z][\w.-]*):\d+/i,
  /^\s*(?:proxy_pass|grpc_pass)\s+\w+:\/\/([a-z][\w.-]*)/i,
  /^\s*reverse_proxy\s+(?:\/\S*\s+)?(?:\w+:\/\/)?([a-z][\w.-]*)/i,
];

/**
 * What stands before a gateway of this repository and passes requests on to services beside it. A proxy that knows no
 * gateway stands somewhere else: between the gateway and the replicas, or in its place.
 */
export const passedBeside = perSystem((system: System): readonly Passed[] =>
  system.paths
    .filter((path) => SETTINGS.test(path))
    .flatMap((file) => {
      const passed = passedIn(system, file);
      return passed.some(({ to }) => to.kind === 'gateway') ? passed.filter(({ to }) => to.kind === 'service') : [];
    }),
);

const passedIn = (system: System, file: string): Passed[] =>
  readFileSync(join(system.root, file), 'utf8')
    .split('\n')
    .flatMap((text, at) => {
      const host = PASSES.map((form) => form.exec(text)?.[1]).find(Boolean);
      const to = host && [...system.services, ...system.gateways].find((part) => isCalled(part, host.split('.')[0]!));
      return to ? [{ to, file, line: at + 1, text: text.trim() }] : [];
    });

/** HAProxy's `cookie`, `stick` and `balance source`, nginx's `ip_hash`, `sticky` and `hash`, Caddy's `lb_policy`. */
const STICKS = [
  /^\s*cookie\s+\S+\s+.*\b(insert|prefix|rewrite)\b/i,
  /^\s*stick\s+(on|match|store-request)\s/i,
  /^\s*balance\s+source\b/i,
  /^\s*(ip_hash\s*;|sticky(\s+\w+[^;]*)?;)/i,
  /^\s*hash\s+[^;]*\$(remote_addr|binary_remote_addr|cookie_\w+)/i,
  /^\s*lb_policy\s+(ip_hash|client_ip_hash|cookie)\b/i,
];

/** Where a proxy sends a client to the same replica again. */
export const stickyIn = (system: System): Passed[] =>
  system.paths
    .filter((path) => SETTINGS.test(path))
    .flatMap((file) => {
      const passed = passedIn(system, file);
      if (passed.length === 0) return [];
      return readFileSync(join(system.root, file), 'utf8')
        .split('\n')
        .flatMap((text, at, lines) =>
          STICKS.some((form) => form.test(text)) ? nearest(passedFrom(passed, lines, at), at + 1, text) : [],
        );
    });

const SECTION = /^\s*(upstream\s.*\{|(backend|listen|frontend)\s)/i;

/** Within the servers that it is told among: `upstream grafana { ip_hash; … }` says nothing of others. */
function passedFrom(passed: readonly Passed[], lines: readonly string[], at: number): readonly Passed[] {
  const isEnd = (text: string): boolean => SECTION.test(text) || /^\s*(\}|server\s*\{|defaults\b|global\b)/i.test(text);
  const before = lines.slice(0, at).findLastIndex(isEnd);
  if (before < 0 || !SECTION.test(lines[before]!)) return passed;
  const after = lines.findIndex((text, index) => index > at && isEnd(text));
  return passed.filter(({ line }) => line > before && (after < 0 || line <= after));
}

/** The setting is about the server that stands closest to it. */
function nearest(passed: readonly Passed[], line: number, text: string): Passed[] {
  const far = (one: Passed): number => Math.abs(one.line - line);
  return passed
    .toSorted((one, other) => far(one) - far(other))
    .slice(0, 1)
    .map(({ to, file }) => ({ to, file, line, text: text.trim() }));
}
