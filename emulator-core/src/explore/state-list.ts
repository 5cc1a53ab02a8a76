/*
 * Final states as plain data: small enough to cross a thread and to keep, in the order of their lines.
 * Whoever prints them makes the text of a line where it is written: half a million lines are a
 * hundred megabytes, their numbers four.
 */

/** States as numbers, most significant digit first: one digit a column. */
export type NumberedStates = {
  readonly kind: "numbered";
  /** By column: what stands before the value, `0:r1=`, ` [x]=`. */
  readonly heads: readonly string[];
  /** By digit: the text of the value and what ends it, `1;`. Ascending by code unit, so numbers sort as their lines do. */
  readonly values: readonly string[];
  readonly radix: number;
  /** Ascending. */
  readonly keys: Float64Array<ArrayBuffer>;
};

/** Lines sorted by code unit; `numbered` where the columns fit a number. */
export type StateList = NumberedStates | { readonly kind: "lines"; readonly lines: readonly string[] };

export const noStates: StateList = { kind: "lines", lines: [] };

export function stateCountOf(list: StateList): number {
  return list.kind === "lines" ? list.lines.length : list.keys.length;
}

/** As herd7 prints them: `0:r0=0; [x]=1;`. All at once. */
export function stateLines(list: StateList): readonly string[] {
  if (list.kind === "lines") return list.lines;
  const { heads, values, radix, keys } = list;
  // Halves of lines are made once.
  const split = heads.length >> 1;
  const scale = radix ** (heads.length - split);
  const left = new Map<number, string>();
  const right = new Map<number, string>();
  const partOf = (made: Map<number, string>, key: number, from: number, to: number): string => {
    let text = made.get(key);
    if (text === undefined) {
      text = "";
      for (let rest = key, k = to - 1; k >= from; k--) {
        const digit = rest % radix;
        text = heads[k]! + values[digit]! + text;
        rest = (rest - digit) / radix;
      }
      made.set(key, text);
    }
    return text;
  };
  return Array.from(keys, (key) => {
    const high = Math.floor(key / scale);
    return partOf(left, high, 0, split) + partOf(right, key - high * scale, split, heads.length);
  });
}
