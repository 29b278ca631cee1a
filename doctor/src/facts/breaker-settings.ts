import type { Node } from 'oxc-parser';
import { callsIn, type Program } from '../model/program.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { type AnyCall, isFunction, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

const SHARE = /^(error|failure)_?(rate|ratio)(Threshold)?$/i;
const COUNT = /^(volume(Threshold)?|minimum\w*|min(Calls|Requests)|requestVolume\w*|(max|consecutive)?Failures)$/i;
const OPEN_FOR = /^(openMs|open(For|Duration|Time)\w*|resetTimeout\w*|halfOpenAfter|sleepWindow\w*|cooldown\w*)$/i;
/** More calls than any window sees. */
const TOO_MANY = 100_000;

/** What is a failure, by libraries and kits, and the answer by which nothing ever is. */
const JUDGES: Readonly<Record<string, string>> = {
  isFailure: 'false',
  shouldTrip: 'false',
  countsAsFailure: 'false',
  errorFilter: 'true',
};

/** Why a breaker with these settings never opens. */
export function whySettingsNeverOpen(program: Program, { file, node }: { file: ParsedFile; node: Node }) {
  if (node.type !== 'ObjectExpression') return undefined;
  for (const entry of node.properties) {
    if (entry.type !== 'Property') continue;
    const name = nameOf(entry.key) ?? '';
    const value = entry.value as Node;
    const number = Number(textOf(program, file, value).replaceAll('_', ''));
    if (SHARE.test(name) && number > 1 && number < 2) return 'opens when more than all calls fail: never';
    if (COUNT.test(name) && (number >= TOO_MANY || /Infinity|MAX_(SAFE_INTEGER|VALUE)/.test(file.textOf(value))))
      return `waits for more calls than ever come (${name}): it never opens`;
    if (OPEN_FOR.test(name) && value.type === 'Literal' && value.value === 0)
      return `closes again at once (${name}): it keeps no call back`;
    const answer = JUDGES[name];
    if (answer && isFunction(value) && value.body && file.textOf(value.body as Node).trim() === answer)
      return `sees no failure: ${name} says so of each`;
  }
  return undefined;
}

export interface BreakerSettings {
  readonly file: ParsedFile;
  readonly node: Node;
}

const HOLDS = /^(circuit_?)?breaker$|^circuit$/i;
const MAKES = /circuit_?breaker|^(create|make)\w*breaker$/i;

/** Settings of breakers that a kit makes: `createClient({ breaker: { … } })`, `circuitBreaker({ … })`. */
export const breakerSettingsIn = (program: Program, file: ParsedFile): BreakerSettings[] =>
  callsIn(file).flatMap((call) => settingsOf(program, file, call));

function settingsOf(program: Program, file: ParsedFile, call: AnyCall): BreakerSettings[] {
  const given = (call.arguments as readonly Node[]).filter(({ type }) => type === 'ObjectExpression');
  const held = given.flatMap((options) =>
    options.type === 'ObjectExpression'
      ? options.properties.flatMap((entry) =>
          entry.type === 'Property' && HOLDS.test(nameOf(entry.key) ?? '') ? [entry.value as Node] : [],
        )
      : [],
  );
  const isExternal = program.originOf(file, call.callee as Node).kind === 'external';
  const own = !isExternal && MAKES.test(pathOf(call.callee as Node).at(-1)!) ? given : [];
  return [...own, ...held].map((node) => valueNode(program, file, node) ?? { file, node });
}
