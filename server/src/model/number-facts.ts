/**
 * Whether comparisons that a path has answered can all hold of the same values: integers, `a < b`, `a <= b`, `a == b` and
 * `a != b`. What is not certain counts as not holding: a value that may be unsigned must have a solution that is not negative.
 */

/** A value that is compared: what it is called, or the number it is. */
export type Term = { readonly name: string; readonly number: number | undefined; readonly isSigned: boolean };

export type Comparison = { readonly left: Term; readonly operator: "<" | "<=" | "==" | "!="; readonly right: Term };

/** Past these it is not worked out. */
const limits = { termsMax: 12, inequalitiesMax: 6 } as const;

/** C types that hold negative numbers. */
const signed = /^(?:const |volatile |signed )*(?:int|long|long long|short|s8|s16|s32|s64|__s(?:8|16|32|64)|ssize_t|loff_t|ptrdiff_t|int(?:8|16|32|64)_t|time64_t|ktime_t)(?: int)?$/;

export const isSignedType = (type: string): boolean => signed.test(type.trim());

/** undefined: too much to work out. */
export function canHold(comparisons: readonly Comparison[]): boolean | undefined {
  const terms = new Map<string, Term>();
  for (const { left, right } of comparisons) for (const term of [left, right]) terms.set(keyOf(term), term);
  if (terms.size > limits.termsMax) return undefined;
  const unequal = comparisons.filter(({ operator }) => operator === "!=");
  if (unequal.length > limits.inequalitiesMax) return undefined;
  const names = [zero, ...[...terms.keys()].filter((name) => name !== zero)];
  const position = new Map(names.map((name, index) => [name, index]));
  const at = (term: Term): number => position.get(keyOf(term)) ?? 0;
  const bounds: Bounds = names.map((_, row) => names.map((__, column) => (row === column ? 0 : Infinity)));
  const isBelowZero = signsShown(comparisons);
  for (const [name, term] of terms) {
    const index = position.get(name) ?? 0;
    if (term.number !== undefined) { atMost(bounds, index, 0, term.number); atMost(bounds, 0, index, -term.number); }
    else if (!term.isSigned && !isBelowZero.has(name)) atMost(bounds, 0, index, 0);
  }
  for (const { left, operator, right } of comparisons) {
    if (operator === "!=") continue;
    atMost(bounds, at(left), at(right), operator === "<" ? -1 : 0);
    if (operator === "==") atMost(bounds, at(right), at(left), 0);
  }
  return hasSolution(bounds, unequal.map(({ left, right }) => [at(left), at(right)]));
}

/** `[a][b]`: a - b is at most that. */
type Bounds = number[][];

const zero = "=0";

const keyOf = ({ name, number }: Term): string => (number === undefined ? name : `=${String(number)}`);

/** Whoever asks whether a value is negative takes it for one that can be. */
function signsShown(comparisons: readonly Comparison[]): ReadonlySet<string> {
  return new Set(comparisons.flatMap(({ left, operator, right }) => [
    ...(right.number !== undefined && (right.number < 0 || (right.number === 0 && operator === "<")) ? [left.name] : []),
    ...(left.number !== undefined && (left.number < 0 || (left.number === 0 && operator === "<=")) ? [right.name] : []),
  ]));
}

function atMost(bounds: Bounds, a: number, b: number, difference: number): void {
  const row = bounds[a];
  if (row !== undefined) row[b] = Math.min(row[b] ?? Infinity, difference);
}

function hasSolution(given: Bounds, unequal: readonly (readonly [number, number])[]): boolean {
  const bounds = closed(given);
  if (bounds === undefined) return false;
  const [first, ...others] = unequal;
  if (first === undefined) return true;
  return [first, [first[1], first[0]] as const].some(([a, b]) => {
    const below = bounds.map((row) => [...row]);
    atMost(below, a, b, -1);
    return hasSolution(below, others);
  });
}

/** Floyd and Warshall; undefined: a value would have to be below itself. */
function closed(given: Bounds): Bounds | undefined {
  const bounds = given.map((row) => [...row]);
  for (let via = 0; via < bounds.length; via++) {
    for (const row of bounds) {
      const first = row[via] ?? Infinity;
      if (first === Infinity) continue;
      bounds[via]?.forEach((second, to) => { row[to] = Math.min(row[to] ?? Infinity, first + second); });
    }
  }
  return bounds.every((row, index) => (row[index] ?? 0) >= 0) ? bounds : undefined;
}
