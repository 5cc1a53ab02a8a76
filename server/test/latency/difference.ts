/** The first place where two values differ, as a path; undefined when they are equal. Maps and sets are compared in order. */
export function differenceOf(a: unknown, b: unknown, path: string): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path;
  if (isCollection(a) && isCollection(b)) return differenceOf([...a], [...b], path);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return `${path} (other keys)`;
  for (const key of keys) {
    const found = differenceOf((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isCollection = (value: object): value is Iterable<unknown> => value instanceof Map || value instanceof Set;
