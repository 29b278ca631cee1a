import type { Change, Direction } from './change.ts';
import { isObject, isSame, type Json, type JsonObject, listOf, objectOf } from './json.ts';
import { KEYWORD_RULES, namesOnlyIn, typeEffects } from './keyword-rules.ts';
import { formOf, isAnnotation, isAnything, NOTHING, typesOf } from './schema-form.ts';
import { pairVariants } from './variants.ts';
import { type Effect, verdict } from './verdict.ts';

/** Two schemas, each in the document that its references lead into. */
export interface SchemaPair {
  readonly was: Json | undefined;
  readonly is: Json | undefined;
  readonly documents: { readonly was: JsonObject; readonly is: JsonObject };
  readonly direction: Direction;
  /** Where the schema stands, for people. */
  readonly at: string;
}

/**
 * Every difference of two JSON Schemas (2020-12, and drafts back to 7), each with the verdict of the direction. A
 * difference that no rule here understands is told as breaking, never passed over.
 */
export function compareSchemas({ was, is, documents, direction, at }: SchemaPair): Change[] {
  return new Comparison(documents, direction).compare({ was, is, at });
}

interface Place {
  readonly was: Json | undefined;
  readonly is: Json | undefined;
  readonly at: string;
}

interface Forms {
  readonly was: JsonObject;
  readonly is: JsonObject;
  readonly at: string;
}

/** Keywords whose value is a schema; where one is absent, everything is accepted. */
const INNER: Readonly<Record<string, string>> = {
  items: '[]',
  additionalProperties: '/*',
  propertyNames: '/(name)',
  'x-event-data': '/(event)',
};

class Comparison {
  readonly #seen = new Set<string>();

  constructor(
    private readonly documents: SchemaPair['documents'],
    private readonly direction: Direction,
  ) {}

  compare({ was, is, at }: Place): Change[] {
    if (this.wasSeen(was, is)) return [];
    const forms = { was: formOf(this.documents.was, was), is: formOf(this.documents.is, is), at };
    const effect = this.wholly(forms);
    if (effect !== undefined) return effect;
    if (variantsOf(forms.was) || variantsOf(forms.is)) return this.variants(forms);
    return this.keywords(forms);
  }

  /** What can be said without looking inside; `undefined` where one has to look. */
  private wholly({ was, is, at }: Forms): Change[] | undefined {
    if (isSame(was, NOTHING) || isSame(is, NOTHING)) {
      if (isSame(was, is)) return [];
      return [this.change(isSame(is, NOTHING) ? 'narrowed' : 'widened', { was, is, at })];
    }
    if (isAnything(was) && isAnything(is)) return [];
    if (isAnything(was)) return [this.change('type narrowed', { was, is, at })];
    return isAnything(is) ? [this.change('type widened', { was, is, at })] : undefined;
  }

  private keywords(forms: Forms): Change[] {
    const { was, is, at } = forms;
    const types = typeEffects(typesOf(was), typesOf(is)).map((effect) => this.change(effect, typed(forms)));
    if (types.some(({ kind }) => kind === 'type changed')) return types;
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    const found = names.flatMap((name) => this.keyword(name, { was: was[name], is: is[name], at }));
    return [...types, ...found, ...this.fields(forms), ...this.tuple(forms), ...this.all(forms)];
  }

  private keyword(name: string, place: Place): Change[] {
    const { was, is, at } = place;
    const inner = INNER[name];
    if (inner !== undefined) return this.compare({ ...place, at: `${at}${inner}` });
    if (isAnnotation(name) || LOOKED_AT.has(name) || isSame(was, is)) return [];
    if (name === 'patternProperties') return this.patterns(place);
    const effects = KEYWORD_RULES[name]?.(was, is) ?? ['not understood'];
    return effects.map((effect) => this.change(effect, { was: named(name, was), is: named(name, is), at }));
  }

  private fields({ was, is, at }: Forms): Change[] {
    const [before, after] = [objectOf(was['properties']), objectOf(is['properties'])];
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const became = namesOnlyIn(is['required'], was['required']).filter((name) => !(name in after) || name in before);
    const optional = namesOnlyIn(was['required'], is['required']).filter((name) => !(name in before) || name in after);
    const changed = (effect: Effect) => (name: string) =>
      this.change(effect, { was: before[name], is: after[name], at: `${at}/${name}` });
    return [
      ...names.flatMap((name) => this.field(name, { was, is, at })),
      ...became.map(changed('field became required')),
      ...optional.map(changed('field became optional')),
    ];
  }

  private field(name: string, { was, is, at }: Forms): Change[] {
    const [before, after] = [objectOf(was['properties'])[name], objectOf(is['properties'])[name]];
    const place = { was: before, is: after, at: `${at}/${name}` };
    if (before !== undefined && after !== undefined) return this.compare(place);
    if (after === undefined) return [this.change('field removed', place)];
    const isRequired = listOf(is['required']).includes(name);
    const wasClosed = was['additionalProperties'] === false;
    return [
      this.change(isRequired ? 'required field added' : 'optional field added', place),
      ...(wasClosed ? [this.change('field added to a closed object', place)] : []),
    ];
  }

  /** Elements by their position: the tuple's own, and `items` behind them. */
  private tuple({ was, is, at }: Forms): Change[] {
    const [before, after] = [listOf(was['prefixItems']), listOf(is['prefixItems'])];
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) =>
      this.compare({ was: before[index] ?? was['items'], is: after[index] ?? is['items'], at: `${at}[${index}]` }),
    ).flat();
  }

  private all({ was, is, at }: Forms): Change[] {
    const [before, after] = [listOf(was['allOf']), listOf(is['allOf'])];
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => this.compare({ was: before[index], is: after[index], at })).flat();
  }

  private patterns({ was, is, at }: Place): Change[] {
    const [before, after] = [objectOf(was), objectOf(is)];
    const patterns = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return patterns.flatMap((pattern) => {
      const place = { was: before[pattern], is: after[pattern], at: `${at}/(${pattern})` };
      const isInBoth = place.was !== undefined && place.is !== undefined;
      return isInBoth ? this.compare(place) : [this.change('not understood', place)];
    });
  }

  /** A schema without variants is one with a single variant. */
  private variants(forms: Forms): Change[] {
    const { was, is, at } = forms;
    const [before, after] = [variantsOf(was), variantsOf(is)];
    const outer = before && after ? this.keywords({ was: withoutVariants(was), is: withoutVariants(is), at }) : [];
    const isAlone = [before ? was : undefined, after ? is : undefined].some((schema, index) => {
      const other = index === 0 ? after : before;
      return schema && !other && !isAnything(withoutVariants(schema));
    });
    if (isAlone) return [this.change('not understood', forms)];
    const { pairs, gone, added } = pairVariants(this.documents, { was: before ?? [was], is: after ?? [is] });
    return [
      ...outer,
      ...this.kindOfUnion(forms),
      ...pairs.flatMap((pair) => this.compare({ ...pair, at })),
      ...gone.map((variant) => this.change('type narrowed', { was: variant, is: undefined, at: `${at} (a variant)` })),
      ...added.map((variant) => this.change('type widened', { was: undefined, is: variant, at: `${at} (a variant)` })),
    ];
  }

  /** One of them and no other is the stricter rule. */
  private kindOfUnion({ was, is, at }: Forms): Change[] {
    const [before, after] = [was['oneOf'] !== undefined, is['oneOf'] !== undefined];
    if (before === after || !variantsOf(was) || !variantsOf(is)) return [];
    const place = { was: before ? 'oneOf' : 'anyOf', is: after ? 'oneOf' : 'anyOf', at };
    return [this.change(after ? 'narrowed' : 'widened', place)];
  }

  private change(effect: Effect, { was, is, at }: Place): Change {
    return { kind: effect, at, was, is, ...verdict(effect, this.direction) };
  }

  /** Recursive schemas come back to themselves; each pair is compared once. */
  private wasSeen(was: Json | undefined, is: Json | undefined): boolean {
    if (!isObject(was) || !isObject(is) || typeof was['$ref'] !== 'string' || typeof is['$ref'] !== 'string')
      return false;
    const pair = `${was['$ref']} ${is['$ref']}`;
    if (this.#seen.has(pair)) return true;
    this.#seen.add(pair);
    return false;
  }
}

/** Looked at together with others, not one at a time. */
const LOOKED_AT = new Set([
  'type',
  'properties',
  'required',
  'prefixItems',
  'allOf',
  'anyOf',
  'oneOf',
  '$defs',
  'definitions',
]);

const variantsOf = ({ anyOf, oneOf }: JsonObject): readonly Json[] | undefined => {
  const variants = anyOf ?? oneOf;
  return Array.isArray(variants) ? variants : undefined;
};

const withoutVariants = ({ anyOf: _, oneOf: __, ...rest }: JsonObject): JsonObject => rest;

const named = (name: string, value: Json | undefined): Json | undefined =>
  value === undefined ? undefined : { [name]: value };

const typed = ({ was, is, at }: Forms): Place => ({ was: onlyTypes(was), is: onlyTypes(is), at });

const onlyTypes = (schema: JsonObject): Json => [...(typesOf(schema) ?? ['anything'])].sort();
