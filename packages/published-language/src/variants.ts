import { canonical, type Json, type JsonObject } from './json.ts';
import { formOf, variantName } from './schema-form.ts';

export interface Variants {
  readonly was: readonly Json[];
  readonly is: readonly Json[];
}

export interface PairedVariants {
  readonly pairs: readonly { readonly was: Json; readonly is: Json }[];
  /** Only in the old union, and only in the new one. */
  readonly gone: readonly Json[];
  readonly added: readonly Json[];
}

interface Documents {
  readonly was: JsonObject;
  readonly is: JsonObject;
}

/**
 * Which variant of the new union is which of the old one: those that are the same, then those of the same name (the
 * fixed value of a field, else the type); one that is left on either side is taken for the other.
 */
export function pairVariants(documents: Documents, { was, is }: Variants): PairedVariants {
  const left = { was: [...was], is: [...is] };
  const pairs: { was: Json; is: Json }[] = [];
  const name = (side: keyof Documents, variant: Json) => variantName(documents[side], formOf(documents[side], variant));
  const take = (fits: (one: Json, other: Json) => boolean) => {
    for (const one of [...left.was]) {
      const index = left.is.findIndex((other) => fits(one, other));
      if (index < 0) continue;
      left.was.splice(left.was.indexOf(one), 1);
      pairs.push({ was: one, is: left.is.splice(index, 1)[0]! });
    }
  };
  take((one, other) => canonical(formOf(documents.was, one)) === canonical(formOf(documents.is, other)));
  take((one, other) => name('was', one) === name('is', other));
  if (left.was.length === 1 && left.is.length === 1) take(() => true);
  return { pairs, gone: left.was, added: left.is };
}
