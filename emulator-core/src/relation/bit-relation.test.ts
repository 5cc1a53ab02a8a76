import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  closeAcyclic, closeTransitively, composed, composeReflexive, emptyRelation, intersected, inverted, isIrreflexive, reflexiveClosure, relate, related, restricted,
  shapeOf, united, without, type BitRelation, type Shape,
} from "./bit-relation.ts";

/** One word and two words a row run different code. */
const sizes = [1, 7, 32, 33, 40, 70];

function relation(shape: Shape, pairs: readonly (readonly [number, number])[]): BitRelation {
  const r = emptyRelation(shape);
  for (const [a, b] of pairs) relate(shape, r, a % shape.size, b % shape.size);
  return r;
}

const pairs = fc.array(fc.tuple(fc.nat(69), fc.nat(69)), { maxLength: 60 });

describe.each(sizes)("relations over %i elements", (size) => {
  const shape = shapeOf(size);
  const check = (law: (r: BitRelation, s: BitRelation, t: BitRelation) => void): void =>
    fc.assert(fc.property(pairs, pairs, pairs, (a, b, c) => {
      law(relation(shape, a), relation(shape, b), relation(shape, c));
    }), { numRuns: 60 });

  test("composition is associative", () =>
    check((r, s, t) => expect(composed(shape, composed(shape, r, s), t)).toEqual(composed(shape, r, composed(shape, s, t)))));

  test("(r;s)^-1 is s^-1;r^-1", () =>
    check((r, s) => expect(inverted(shape, composed(shape, r, s))).toEqual(composed(shape, inverted(shape, s), inverted(shape, r)))));

  test("composition distributes over union", () =>
    check((r, s, t) => expect(composed(shape, r, united(s, t))).toEqual(united(composed(shape, r, s), composed(shape, r, t)))));

  test("closure is idempotent, transitive and least", () =>
    check((r) => {
      const plus = r.slice();
      closeTransitively(shape, plus);
      const again = plus.slice();
      closeTransitively(shape, again);
      expect(again).toEqual(plus);
      expect(united(plus, composed(shape, plus, plus))).toEqual(plus);
      // r+ = r | r;r+
      expect(united(r, composed(shape, r, plus))).toEqual(plus);
    }));

  test("closing what is acyclic is closing, and a circle is seen", () =>
    check((r) => {
      const downward = emptyRelation(shape);
      for (let a = 0; a < size; a++) for (let b = a + 1; b < size; b++) if (related(shape, r, a, b)) relate(shape, downward, b, a);
      for (const s of [r, downward, inverted(shape, downward)]) {
        const plus = s.slice();
        closeTransitively(shape, plus);
        const closed = s.slice();
        expect(closeAcyclic(shape, closed)).toBe(isIrreflexive(shape, plus));
        if (isIrreflexive(shape, plus)) expect(closed).toEqual(plus);
        // What is left of a circle can still be closed.
        closeTransitively(shape, closed);
        expect(closed).toEqual(plus);
      }
    }));

  test("r? ; s = s | r;s", () =>
    check((r, s) => {
      const out = emptyRelation(shape);
      composeReflexive(shape, out, r, s);
      expect(out).toEqual(united(s, composed(shape, r, s)));
    }));

  test("r* = id | r+", () =>
    check((r) => {
      const star = reflexiveClosure(shape, r);
      for (let a = 0; a < size; a++) expect(related(shape, star, a, a)).toBe(true);
      expect(composed(shape, star, star)).toEqual(star);
    }));

  test("difference and intersection split a relation", () =>
    check((r, s) => expect(united(without(r, s), intersected(r, s))).toEqual(r)));

  test("restriction to nothing is empty, to everything is the relation", () =>
    check((r) => {
      const all = new Int32Array(shape.width).fill(-1);
      expect(restricted(shape, r, all, all)).toEqual(r);
      expect(restricted(shape, r, new Int32Array(shape.width), all).every((word) => word === 0)).toBe(true);
    }));

  test("a relation from lower to higher elements is acyclic", () =>
    check((r) => {
      const upward = emptyRelation(shape);
      for (let a = 0; a < size; a++) for (let b = a + 1; b < size; b++) if (related(shape, r, a, b)) relate(shape, upward, a, b);
      closeTransitively(shape, upward);
      expect(isIrreflexive(shape, upward)).toBe(true);
    }));
});
