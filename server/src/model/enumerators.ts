/** The names of enums, numbered as C numbers them where that can be told, else apart from one another. */

/** Values from here on are made up: the initialiser is no number. */
export const unknownValueMin = 1_000_000;

export function enumeratorsOf(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const [, body = ""] of text.matchAll(/\benum\b[^;{}()]*\{([^}]*)\}/g)) {
    let next = 0;
    for (const part of body.replace(/\/\*[\s\S]*?\*\//g, "").split(",")) {
      const [, name, value] = /^\s*(\w+)\s*(?:=\s*(\w+))?/.exec(part) ?? [];
      if (name === undefined) continue;
      const number = value === undefined ? next : Number(value);
      // An initialiser that is no number: a value of its own, unlike any other.
      values.set(name, Number.isInteger(number) ? number : unknownValueMin + values.size);
      next = (Number.isInteger(number) ? number : unknownValueMin + values.size) + 1;
    }
  }
  return values;
}
