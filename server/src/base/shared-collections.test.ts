import fc from "fast-check";
import { expect, test } from "vitest";
import { LayeredMap, SharedMap } from "./shared-collections.ts";

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
