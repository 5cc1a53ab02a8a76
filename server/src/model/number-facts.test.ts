import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canHold, isSignedType, type Comparison, type Term } from "./number-facts.ts";

const value = (name: string, isSigned = true): Term => ({ name, number: undefined, isSigned });
const number = (of: number): Term => ({ name: "", number: of, isSigned: true });
const not = { "<": "<=", "<=": "<", "==": "!=", "!=": "==" } as const;

describe("comparisons that hold together", () => {
  it("lets a value be neither equal nor below", () => {
    expect(canHold([{ left: value("d"), operator: "!=", right: number(0) }, { left: number(0), operator: "<", right: value("d") }])).toBe(true);
    expect(canHold([{ left: value("d"), operator: "!=", right: number(0) }, { left: value("d"), operator: "<=", right: number(0) }, { left: number(0), operator: "<=", right: value("d") }])).toBe(false);
  });

  it("takes what may be unsigned for no negative number", () => {
    const atMostZero: Comparison[] = [{ left: value("n", false), operator: "<=", right: number(0) }, { left: value("n", false), operator: "!=", right: number(0) }];
    expect(canHold(atMostZero)).toBe(false);
    expect(canHold(atMostZero.map(({ left, ...rest }) => ({ ...rest, left: { ...left, isSigned: true } })))).toBe(true);
  });

  it("takes a value for signed that is asked whether it is negative", () => {
    expect(canHold([{ left: value("ret", false), operator: "<", right: number(0) }])).toBe(true);
    expect(canHold([{ left: value("ret", false), operator: "<", right: number(-4095) }])).toBe(true);
  });

  it("says nothing of more than it works out", () => {
    expect(canHold(Array.from({ length: 20 }, (_, k): Comparison => ({ left: value(`a${String(k)}`), operator: "<", right: value(`a${String(k + 1)}`) })))).toBeUndefined();
  });

  it("knows the types that hold negative numbers", () => {
    for (const type of ["int", "const int", "long", "s64", "ssize_t", "long long", "long int"]) expect(isSignedType(type), type).toBe(true);
    for (const type of ["unsigned int", "u32", "size_t", "unsigned long", "bool", "struct foo *", ""]) expect(isSignedType(type), type).toBe(false);
  });

  it("agrees with trying all small numbers", () => {
    const names = ["a", "b", "c"];
    const term = fc.oneof(fc.constantFrom(...names).map((name) => value(name)), fc.integer({ min: -1, max: 2 }).map(number));
    const comparison = fc.record({ left: term, operator: fc.constantFrom<Comparison["operator"][]>("<", "<=", "==", "!="), right: term });
    const tried = Array.from({ length: 15 }, (_, k) => k - 7);
    const holds = ({ left, operator, right }: Comparison, of: Readonly<Record<string, number>>): boolean => {
      const [a, b] = [left.number ?? of[left.name] ?? 0, right.number ?? of[right.name] ?? 0];
      return operator === "<" ? a < b : operator === "<=" ? a <= b : operator === "==" ? a === b : a !== b;
    };
    fc.assert(fc.property(fc.array(comparison, { minLength: 1, maxLength: 5 }), (all) => {
      const isPossible = tried.some((a) => tried.some((b) => tried.some((c) => all.every((one) => holds(one, { a, b, c })))));
      expect(canHold(all)).toBe(isPossible);
    }), { numRuns: 300, seed: 1 });
  });

  it("never lets a comparison and its opposite hold", () => {
    for (const operator of ["<", "<=", "==", "!="] as const) {
      const one: Comparison = { left: value("a"), operator, right: value("b") };
      const other: Comparison = operator === "<" || operator === "<=" ? { left: value("b"), operator: not[operator], right: value("a") } : { left: value("a"), operator: not[operator], right: value("b") };
      expect(canHold([one, other])).toBe(false);
    }
  });
});
