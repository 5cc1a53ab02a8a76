import fc from "fast-check";
import { expect, test } from "vitest";
import { LayeredMap, SharedMap, type Veil } from "./shared-collections.ts";

type Step = { readonly of: number; readonly what: "set" | "delete" | "clear" | "clone" | "keep"; readonly key: number; readonly value: number; readonly with: number };

const steps = fc.array(fc.record<Step>({ of: fc.nat(5), what: fc.constantFrom("set", "set", "set", "set", "delete", "clone", "clone", "keep", "clear"), key: fc.nat(30), value: fc.nat(2), with: fc.nat(5) }), { maxLength: 150 });

test("a layered map and its clones are maps of their own", () => {
  fc.assert(fc.property(steps, (list) => {
    const maps = [new LayeredMap<number, string>()];
    const models = [new Map<number, string>()];
    for (const { of, what, key, value, with: other } of list) {
      const at = of % maps.length;
      const to = other % maps.length;
      const map = maps[at]!;
      const model = models[at]!;
      if (what === "set") { map.set(key, String(value)); model.set(key, String(value)); }
      else if (what === "delete") { map.delete(key); model.delete(key); }
      else if (what === "clear") { map.clear(); model.clear(); }
      else if (what === "clone") { maps.push(new LayeredMap(map)); models.push(new Map(model)); }
      else {
        map.keepCommon(maps[to]!, (one, held) => maps[to]!.get(one) === held);
        for (const [one, held] of model) if (models[to]!.get(one) !== held) model.delete(one);
      }
      maps.forEach((one, index) => {
        expect(one.keys().toSorted((a, b) => a - b)).toEqual([...models[index]!.keys()].toSorted((a, b) => a - b));
        for (let k = 0; k <= 30; k++) expect([one.get(k), one.has(k)]).toEqual([models[index]!.get(k), models[index]!.has(k)]);
      });
    }
  }), { numRuns: 200, seed: 1 });
});

const multiplesOf = (n: number, others?: Veil<number>): Veil<number> => ({ hides: (key) => key % n === 0 || others?.hides(key) === true, and: (more) => multiplesOf(n, others?.and(more) ?? more) });

type Change = { readonly what: "copy" | "delete" | "hide" | "clear" | "fork"; readonly key: number; readonly to: number };

const changes = fc.array(fc.record<Change>({ what: fc.constantFrom("copy", "copy", "copy", "copy", "delete", "hide", "fork", "clear"), key: fc.nat(20), to: fc.nat(20) }), { maxLength: 30 });

/** What is done depends on what the map answers. */
function changed(map: LayeredMap<number, number>, [first, ...rest]: readonly Change[]): LayeredMap<number, number> {
  if (first === undefined) return map;
  const { what, key, to } = first;
  if (what === "copy") map.set(to, (map.get(key) ?? 50) + 1);
  else if (what === "delete") map.delete(key);
  else if (what === "hide") map.deleteWhere(multiplesOf(key + 2));
  else if (what === "clear") map.clear();
  else {
    const other = changed(new LayeredMap(map), rest.slice(0, rest.length / 2));
    const joined = changed(map, rest.slice(rest.length / 2));
    joined.keepCommon(other, (one, value) => other.get(one) === value);
    return joined;
  }
  return changed(map, rest);
}

test("what a recorded map was asked tells which maps the same would have happened to", () => {
  const entries = fc.array(fc.tuple(fc.nat(20), fc.nat(2)), { maxLength: 30 });
  const mapOf = (list: readonly (readonly [number, number])[]): LayeredMap<number, number> => { const map = new LayeredMap<number, number>(); for (const [key, value] of list) map.set(key, value); return map; };
  const all = (map: LayeredMap<number, number>): readonly unknown[] => [map.keys().toSorted((a, b) => a - b), Array.from({ length: 21 }, (_, key) => map.get(key))];
  let alike = 0;
  fc.assert(fc.property(entries, entries, changes, changes, (common, more, outer, inner) => {
    const one = mapOf(common);
    const other = mapOf([...more, ...common]);
    const asked = one.record();
    const half = changed(one, outer);
    const within = half.record();
    const whole = changed(half, inner);
    // A recording inside of another asks for both.
    const answersAlike = [...asked].every(([key, value]) => other.get(key) === value);
    const last = new LayeredMap(whole);
    expect([...within.keys()].length).toBeLessThanOrEqual(21);
    last.unrecord();
    if (answersAlike) {
      alike++;
      last.replayOn(other);
      const inTurns = changed(changed(mapOf([...more, ...common]), outer), inner);
      expect(all(other)).toEqual(all(inTurns));
    }
    last.unrecord();
    expect(all(last)).toEqual(all(changed(changed(mapOf(common), outer), inner)));
  }), { numRuns: 3000, seed: 1 });
  expect(alike).toBeGreaterThan(300);
});

test("a shared map keeps the order of its keys, and a clone changes nothing else", () => {
  const first = new SharedMap<string, number>();
  for (const key of ["b", "a", "c"]) first.set(key, 1);
  const second = new SharedMap(first);
  second.delete("a");
  second.set("a", 2);
  first.set("d", 3);
  expect([...first]).toEqual([["b", 1], ["a", 1], ["c", 1], ["d", 3]]);
  expect([...second]).toEqual([["b", 1], ["c", 1], ["a", 2]]);
});
