/*
 * Relations over a small universe as bit matrices: row a holds the set { b : a R b }, 32 elements a
 * word. Typed arrays, no allocation in the operations: the explorer calls them for every candidate
 * execution. Laws (associativity, inverse, closure) are tested beside this file.
 */

import { take } from "./pool.ts";

/** Row-major bit matrix; row a occupies words [a * width, (a + 1) * width). */
export type BitRelation = Int32Array;

/** One row: a set of elements. */
export type BitSet = Int32Array;

/** Size of the universe and words per row. */
export type Shape = { readonly size: number; readonly width: number };

export function shapeOf(size: number): Shape {
  return { size, width: Math.max(1, (size + 31) >> 5) };
}

/** From the pool: not to be kept beyond the scope it is made in. */
export function emptyRelation(shape: Shape): BitRelation {
  return take(shape.size * shape.width);
}

/** A copy of r. */
export function copied(r: BitRelation): BitRelation {
  const out = take(r.length);
  out.set(r);
  return out;
}

/** From the pool, as relations. */
export function emptySet(shape: Shape): BitSet {
  return take(shape.width);
}

export function insert(set: BitSet, element: number): void {
  set[element >> 5]! |= 1 << (element & 31);
}

export function contains(set: BitSet, element: number): boolean {
  return ((set[element >> 5]! >>> (element & 31)) & 1) !== 0;
}

export function relate(shape: Shape, r: BitRelation, a: number, b: number): void {
  r[a * shape.width + (b >> 5)]! |= 1 << (b & 31);
}

export function related(shape: Shape, r: BitRelation, a: number, b: number): boolean {
  return ((r[a * shape.width + (b >> 5)]! >>> (b & 31)) & 1) !== 0;
}

/** r |= s. */
export function unite(r: BitRelation, s: BitRelation): void {
  for (let i = 0; i < r.length; i++) r[i]! |= s[i]!;
}

/** out = r ; s. `out` must be neither argument. */
export function compose(shape: Shape, out: BitRelation, r: BitRelation, s: BitRelation): void {
  const { size, width } = shape;
  if (width === 1) {
    for (let a = 0; a < size; a++) {
      let bits = r[a]!;
      let row = 0;
      while (bits !== 0) {
        const b = 31 - Math.clz32(bits);
        row |= s[b]!;
        bits &= ~(1 << b);
      }
      out[a] = row;
    }
    return;
  }
  if (width === 2) {
    for (let a = 0; a < size * 2; a += 2) {
      let low = 0;
      let high = 0;
      for (let bits = r[a]!; bits !== 0; bits &= bits - 1) {
        const b = (31 - Math.clz32(bits & -bits)) * 2;
        low |= s[b]!;
        high |= s[b + 1]!;
      }
      for (let bits = r[a + 1]!; bits !== 0; bits &= bits - 1) {
        const b = (63 - Math.clz32(bits & -bits)) * 2;
        low |= s[b]!;
        high |= s[b + 1]!;
      }
      out[a] = low;
      out[a + 1] = high;
    }
    return;
  }
  out.fill(0);
  for (let a = 0; a < size; a++) uniteImage(shape, out, a * width, r, a * width, s);
}

/** out = r? ; s. `out` must be neither argument. */
export function composeReflexive(shape: Shape, out: BitRelation, r: BitRelation, s: BitRelation): void {
  const { size, width } = shape;
  if (width > 2) {
    compose(shape, out, r, s);
    unite(out, s);
    return;
  }
  if (width === 1) {
    for (let a = 0; a < size; a++) {
      let row = s[a]!;
      for (let bits = r[a]!; bits !== 0; bits &= bits - 1) row |= s[31 - Math.clz32(bits & -bits)]!;
      out[a] = row;
    }
    return;
  }
  for (let a = 0; a < size * 2; a += 2) {
    let low = s[a]!;
    let high = s[a + 1]!;
    for (let bits = r[a]!; bits !== 0; bits &= bits - 1) {
      const b = (31 - Math.clz32(bits & -bits)) * 2;
      low |= s[b]!;
      high |= s[b + 1]!;
    }
    for (let bits = r[a + 1]!; bits !== 0; bits &= bits - 1) {
      const b = (63 - Math.clz32(bits & -bits)) * 2;
      low |= s[b]!;
      high |= s[b + 1]!;
    }
    out[a] = low;
    out[a + 1] = high;
  }
}

/** out[outAt…] |= the image under s of the set from[fromAt…]. */
export function uniteImage(shape: Shape, out: Int32Array, outAt: number, from: Int32Array, fromAt: number, s: BitRelation): void {
  const { width } = shape;
  for (let k = 0; k < width; k++) {
    let bits = from[fromAt + k]!;
    while (bits !== 0) {
      const low = 31 - Math.clz32(bits);
      const b = (k << 5) + low;
      bits &= ~(1 << low);
      for (let j = 0; j < width; j++) out[outAt + j]! |= s[b * width + j]!;
    }
  }
}

/** r = r+, in place (Warshall). */
export function closeTransitively(shape: Shape, r: BitRelation): void {
  const { size, width } = shape;
  if (width === 1) {
    for (let b = 0; b < size; b++) {
      const row = r[b]!;
      if (row === 0) continue;
      for (let a = 0; a < size; a++) if (((r[a]! >>> b) & 1) !== 0) r[a]! |= row;
    }
    return;
  }
  if (width === 2) {
    for (let b = 0; b < size; b++) {
      const low = r[b * 2]!;
      const high = r[b * 2 + 1]!;
      if ((low | high) === 0) continue;
      const bit = b & 31;
      for (let a = b >> 5; a < size * 2; a += 2) {
        if (((r[a]! >>> bit) & 1) === 0) continue;
        r[a & ~1]! |= low;
        r[a | 1]! |= high;
      }
    }
    return;
  }
  for (let b = 0; b < size; b++) {
    const word = b >> 5;
    const bit = b & 31;
    for (let a = 0; a < size; a++) {
      if (a === b || ((r[a * width + word]! >>> bit) & 1) === 0) continue;
      for (let k = 0; k < width; k++) r[a * width + k]! |= r[b * width + k]!;
    }
  }
}

/** r = r+ and true, if r is acyclic; else false, and r is left between the two. */
export function closeAcyclic(shape: Shape, r: BitRelation): boolean {
  const { size, width } = shape;
  // In one word a row Warshall is as fast.
  if (width !== 2) {
    closeTransitively(shape, r);
    return isIrreflexive(shape, r);
  }
  rowStates.fill(0);
  for (let a = 0; a < size; a++) if (rowStates[a] === 0 && !closeWideRow(r, a)) return false;
  return true;
}

/** By row: 0, 1 while what it leads to is being closed, 2 when it is closed. */
const rowStates = new Uint8Array(64);

/**
 * Of a matrix with two words a row. Takes in the rows of those successors that no row taken in before has reached:
 * few where r is made of orders within threads.
 */
function closeWideRow(r: BitRelation, a: number): boolean {
  rowStates[a] = 1;
  let low = r[a * 2]!;
  let high = r[a * 2 + 1]!;
  let restLow = low;
  let restHigh = high;
  while ((restLow | restHigh) !== 0) {
    const b = restLow !== 0 ? 31 - Math.clz32(restLow & -restLow) : 63 - Math.clz32(restHigh & -restHigh);
    if (rowStates[b] === 1) return false;
    if (rowStates[b] === 0 && !closeWideRow(r, b)) return false;
    const reachedLow = r[b * 2]!;
    const reachedHigh = r[b * 2 + 1]!;
    low |= reachedLow;
    high |= reachedHigh;
    restLow &= ~reachedLow;
    restHigh &= ~reachedHigh;
    if (b < 32) restLow &= ~(1 << b);
    else restHigh &= ~(1 << (b & 31));
  }
  r[a * 2] = low;
  r[a * 2 + 1] = high;
  rowStates[a] = 2;
  return true;
}

/** No element related to itself; of a transitive closure: acyclic. */
export function isIrreflexive(shape: Shape, r: BitRelation): boolean {
  const { size, width } = shape;
  for (let a = 0; a < size; a++) if (((r[a * width + (a >> 5)]! >>> (a & 31)) & 1) !== 0) return false;
  return true;
}

/** r |= identity on `on`. */
export function uniteIdentity(shape: Shape, r: BitRelation, on: BitSet): void {
  for (let a = 0; a < shape.size; a++) if (contains(on, a)) relate(shape, r, a, a);
}

/** r = [domain] ; r ; [range], in place. */
export function restrict(shape: Shape, r: BitRelation, domain: BitSet, range: BitSet): void {
  const { size, width } = shape;
  for (let a = 0; a < size; a++) {
    const keep = contains(domain, a);
    for (let k = 0; k < width; k++) {
      if (keep) r[a * width + k]! &= range[k]!;
      else r[a * width + k] = 0;
    }
  }
}

/** r &= s. */
export function intersect(r: BitRelation, s: BitRelation): void {
  for (let i = 0; i < r.length; i++) r[i]! &= s[i]!;
}

/** r \= s. */
export function subtract(r: BitRelation, s: BitRelation): void {
  for (let i = 0; i < r.length; i++) r[i]! &= ~s[i]!;
}

/** out = r^-1. `out` must not be r. */
export function invert(shape: Shape, out: BitRelation, r: BitRelation): void {
  const { size, width } = shape;
  out.fill(0);
  for (let a = 0; a < size; a++) {
    for (let k = 0; k < width; k++) {
      let bits = r[a * width + k]!;
      while (bits !== 0) {
        const low = 31 - Math.clz32(bits);
        bits &= ~(1 << low);
        relate(shape, out, (k << 5) + low, a);
      }
    }
  }
}

export function isEmpty(r: BitRelation): boolean {
  for (let i = 0; i < r.length; i++) if (r[i] !== 0) return false;
  return true;
}

/** Fresh copy of r ; s, for the parts that run once per execution rather than once per candidate. */
export function composed(shape: Shape, r: BitRelation, s: BitRelation): BitRelation {
  const out = emptyRelation(shape);
  compose(shape, out, r, s);
  return out;
}

export function united(r: BitRelation, ...rest: readonly BitRelation[]): BitRelation {
  const out = copied(r);
  for (const s of rest) unite(out, s);
  return out;
}

export function inverted(shape: Shape, r: BitRelation): BitRelation {
  const out = emptyRelation(shape);
  invert(shape, out, r);
  return out;
}

/** r? = r | id. */
export function reflexive(shape: Shape, r: BitRelation): BitRelation {
  const out = copied(r);
  for (let a = 0; a < shape.size; a++) relate(shape, out, a, a);
  return out;
}

/** r* */
export function reflexiveClosure(shape: Shape, r: BitRelation): BitRelation {
  const out = reflexive(shape, r);
  closeTransitively(shape, out);
  return out;
}

export function restricted(shape: Shape, r: BitRelation, domain: BitSet, range: BitSet): BitRelation {
  const out = copied(r);
  restrict(shape, out, domain, range);
  return out;
}

export function intersected(r: BitRelation, s: BitRelation): BitRelation {
  const out = copied(r);
  intersect(out, s);
  return out;
}

export function without(r: BitRelation, s: BitRelation): BitRelation {
  const out = copied(r);
  subtract(out, s);
  return out;
}
