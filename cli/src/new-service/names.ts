/** The forms that a name of one or more words takes: `gift-card`, `gift_card`, `giftCard`, `GiftCard`, `gift card`. */
export interface Forms {
  readonly kebab: string;
  readonly snake: string;
  readonly camel: string;
  readonly pascal: string;
  readonly spaced: string;
}

/** What a service is called, and the one thing that it keeps, of which there are many. */
export interface ServiceNames {
  readonly service: Forms;
  readonly entity: Forms;
  readonly plural: Forms;
}

export interface GivenNames {
  readonly entity?: string;
  readonly plural?: string;
}

export function formsOf(kebab: string): Forms {
  const words = kebab.split('-');
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return {
    kebab,
    snake: words.join('_'),
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    pascal,
    spaced: words.join(' '),
  };
}

/** A service that is called `reviews` keeps a `review`; one that is called `wishlist`, a `wishlist`. */
export function namesOf(service: string, given: GivenNames = {}): ServiceNames {
  const entity = given.entity ?? singularOf(service);
  const plural = given.plural ?? pluralOf(entity);
  return { service: formsOf(service), entity: formsOf(entity), plural: formsOf(plural) };
}

const singularOf = (name: string): string =>
  /(ss|us|is)$/.test(name) ? name : name.replace(/([^aeiou])ies$/, '$1y').replace(/s$/, '');

function pluralOf(name: string): string {
  if (/[^aeiou]y$/.test(name)) return name.replace(/y$/, 'ies');
  return /(s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** The names in the template: of two words each, so that each form is told from the others. */
export const SAMPLE = namesOf('tool-shed', { entity: 'key-ring' });

/** Puts these names in the place of those of the template. */
export function renaming(names: ServiceNames): (text: string) => string {
  // The plurals come first: the singular is a part of them.
  const pairs = (['plural', 'entity', 'service'] as const).flatMap((kind) =>
    (Object.keys(SAMPLE[kind]) as (keyof Forms)[]).map((form) => [SAMPLE[kind][form], names[kind][form]] as const),
  );
  const renamed = new Map(pairs);
  const any = new RegExp(pairs.map(([sample]) => sample).join('|'), 'g');
  return (text) => text.replaceAll(any, (sample) => renamed.get(sample)!);
}
