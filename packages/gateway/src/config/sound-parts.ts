import type { GatewayConfig } from './schema.ts';

/** One thing that the schema finds wrong with a value. */
export interface ShapeError {
  /** A JSON pointer. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: object;
}

/** Its sections as far as they are sound. Lists keep the places of their elements: those that are wrong leave gaps. */
export type SoundConfig = { readonly [Name in keyof GatewayConfig]?: GatewayConfig[Name] };

type Part = Record<string, unknown>;

/** Whatever is not told of a route, or wrongly, stands for something that is right. */
const ANY_ROUTE = { method: '*', access: 'public', upstream: '' } as const;

/** A configuration without what its schema finds wrong, so that the rest of it can be judged by what it means. */
export function soundParts(value: unknown, errors: readonly ShapeError[]): SoundConfig {
  if (!isPart(value)) return {};
  const sound = JSON.parse(JSON.stringify(value)) as Part;
  const names = isPart(sound['upstreams']) ? Object.keys(sound['upstreams']) : [];
  for (const error of errors) takeOut(sound, error);
  const { upstreams, routes, authentication } = sound;
  // That there is an upstream of a name, and somebody who verifies, is known however wrong they are.
  const known = [...names, ANY_ROUTE.upstream].map((name) => [name, {}]);
  sound['upstreams'] = { ...Object.fromEntries(known), ...(upstreams as Part) };
  if (errors.some(({ instancePath }) => instancePath.startsWith('/authentication')))
    sound['authentication'] = { jwt: {}, ...(authentication as Part) };
  if (Array.isArray(routes)) {
    for (const [at, route] of routes.entries()) if (!isPart(route) || !('path' in route)) delete routes[at];
    sound['routes'] = routes.map((route: Part) => ({ ...ANY_ROUTE, ...route }));
  }
  return sound;
}

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null;

/** So deep lie the policies of a route, the fields of an upstream and single limits: half of one means nothing. */
const SMALLEST_PART = 3;

function takeOut(whole: Part, { instancePath, keyword, params }: ShapeError): void {
  const { additionalProperties: unknown } = params as { readonly additionalProperties?: readonly string[] };
  const steps = instancePath.split('/').slice(1).map(unescaped);
  const [at, inside] = [partAt(whole, steps), partAt(whole, steps.slice(0, SMALLEST_PART - 1))];
  if (unknown) for (const name of unknown) delete at?.[name];
  else if (steps[2] === 'replicas' && steps[3] !== undefined) delete partAt(whole, steps.slice(0, 3))?.[steps[3]];
  else if (steps[2] !== undefined) delete inside?.[steps[2]];
  else if (keyword !== 'required' && steps.length > 0) delete partAt(whole, steps.slice(0, -1))?.[steps.at(-1)!];
}

function partAt(whole: Part, steps: readonly string[]): Part | undefined {
  const found = steps.reduce<unknown>((part, step) => (isPart(part) ? part[step] : undefined), whole);
  return isPart(found) ? found : undefined;
}

const unescaped = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
