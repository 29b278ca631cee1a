/**
 * A saga's data that nobody has to invent: whatever is asked of it is there, as a text, as a number, as a list of one,
 * as a function. It tells nothing about data, but lets a definition build its messages.
 */
export const sampleData = <S extends { readonly id: string }>(): S => sample({ id: 'saga-1' }) as S;

function sample(known: Readonly<Record<PropertyKey, unknown>> = {}): unknown {
  return new Proxy(
    Object.assign(() => {}, known),
    {
      get: (_, name) => (Object.hasOwn(known, name) ? known[name] : propertyOf(name)),
      apply: () => sample(),
      // What a saga knows is not for its messages to change.
      set: () => false,
      defineProperty: () => false,
      deleteProperty: () => false,
    },
  );
}

function propertyOf(name: PropertyKey): unknown {
  if (name === Symbol.toPrimitive) return (hint: string) => (hint === 'number' ? 1 : 'sample');
  if (name === 'toString' || name === 'toJSON') return () => 'sample';
  // Whoever awaits it must not wait for ever.
  if (name === 'then') return undefined;
  if (!(name in Array.prototype)) return sample();
  const list = [sample()];
  const property = Reflect.get(list, name) as unknown;
  return typeof property === 'function' ? property.bind(list) : property;
}
