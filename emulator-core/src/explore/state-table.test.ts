import { describe, expect, it } from "vitest";
import { stateLines } from "./state-list.ts";
import { StateTable, type Axis } from "./state-table.ts";

const print = (value: number): string => (value > 1000 ? `a${String(value)}` : String(value));

/** The same states, counted in the plainest way. */
function expectStates(table: StateTable, texts: readonly string[], counted: readonly (readonly [values: readonly number[], times: number])[]): void {
  const counts = new Map<string, number>();
  for (const [values, times] of counted) {
    const line = values.map((value, k) => `${texts[k]!}=${print(value)};`).join(" ");
    counts.set(line, (counts.get(line) ?? 0) + times);
  }
  const lines = [...counts.keys()].sort();
  expect(stateLines(table.list())).toEqual(lines);
  expect(table.listCounts()).toEqual(lines.map((line) => counts.get(line)));
}

describe("a table of final states", () => {
  it.each([1, 2, 5, 8, 9, 17, 25, 26, 27, 60])("lists %i values in the order of their lines, whatever they are", (columns) => {
    const texts = Array.from({ length: columns }, (_, k) => `${String(k)}:r`);
    const table = new StateTable(texts, print);
    const palette = columns > 17 ? [0, 1, 7000] : [0, 1, -5, 10, 2, 7000, -40];
    let random = 7;
    const counted = Array.from({ length: 2000 }, (): [number[], number] => {
      const values = texts.map(() => palette[((random = (Math.imul(random, 1664525) + 1013904223) >>> 0) >>> 16) % palette.length]!);
      return [values, 1 + (random % 3)];
    });
    for (const [values, times] of counted) expect(table.add(Float64Array.from(values), (v) => v[0] === 1, times)).toBe(values[0] === 1);
    for (const [values] of counted) expect(table.has(Float64Array.from(values))).toBe(true);
    expect(table.has(Float64Array.from(texts, () => 3))).toBe(false);
    expectStates(table, texts, counted);
  });

  it("counts a product as its elements one by one", () => {
    const texts = ["0:a", "0:b", "1:a", "1:b", "2:a"];
    const table = new StateTable(texts, print);
    const axes: readonly Axis[] = [
      { places: [0, 3], options: [{ value: 0, times: 1 }, { value: -7, times: 2 }] },
      { places: [], options: [{ value: 0, times: 3 }, { value: 1, times: 1 }] },
      { places: [4], options: [{ value: 1, times: 1 }, { value: 0, times: 1 }, { value: 10, times: 5 }] },
    ];
    table.add(Float64Array.from([0, 1, 9, 0, 1]), () => true);
    expect(table.addProduct(Float64Array.from([NaN, 1, 9, NaN, NaN]), axes, true, 6)).toBe(6 * 3 * 4 * 7);
    const counted: [number[], number][] = [[[0, 1, 9, 0, 1], 1]];
    for (const a of axes[0]!.options) for (const c of axes[2]!.options) counted.push([[a.value, 1, 9, a.value, c.value], 6 * 4 * a.times * c.times]);
    expectStates(table, texts, counted);
  });

  const bits = (columns: readonly number[]): readonly Axis[] => columns.map((place) => ({ places: [place], options: [{ value: 1, times: 2 }, { value: 0, times: 1 }] }));

  /** Every element of a product over columns of bits. */
  function elementsOf(values: readonly number[], columns: readonly number[], times: number): [number[], number][] {
    let all: [number[], number][] = [[[...values], times]];
    for (const column of columns) all = all.flatMap(([element, count]): [number[], number][] => [[element.with(column, 0), count], [element.with(column, 1), count * 2]]);
    return all;
  }

  it.each([
    ["one behind the other", [[0], [1]]],
    ["one and the same", [[0], [0]]],
    ["one inside the other", [[1], [NaN]]],
    ["side by side", [[7000], [-5]]],
  ])("lists large products that are %s, and states between them", (_, firsts) => {
    const texts = Array.from({ length: 9 }, (_, k) => `${String(k)}:r`);
    const table = new StateTable(texts, print);
    const counted: [number[], number][] = [];
    for (const [first] of firsts) {
      const columns = Number.isNaN(first) ? [0, 1, 2, 3, 4, 5, 6, 7, 8] : [1, 2, 3, 4, 5, 6, 7, 8];
      const values = texts.map((_, k) => (columns.includes(k) ? NaN : first!));
      const elements = elementsOf(values, columns, 3);
      expect(table.addProduct(Float64Array.from(values), bits(columns), true, 3)).toBe(elements.reduce((sum, [, count]) => sum + count, 0));
      counted.push(...elements);
    }
    for (const single of [[0, 0, 0, 0, 0, 0, 0, 0, 5], [0, 0, 0, 0, 0, 0, 0, 0, 0], [9, 0, 0, 0, 0, 0, 0, 0, 0]]) {
      table.add(Float64Array.from(single), () => true);
      counted.push([single, 1]);
    }
    expectStates(table, texts, counted);
    expectStates(table, texts, counted);
    for (const [values] of counted) expect(table.has(Float64Array.from(values))).toBe(true);
    expectStates(table, texts, counted);
  });

  it("expands products by what moves places and renames addresses, more than there are digits for", () => {
    const texts = Array.from({ length: 26 }, (_, k) => `${String(k)}:r`);
    const table = new StateTable(texts, print);
    const address = (index: number): number => 2 ** 33 * (index + 1);
    const maps = [0, 1, 2, 3].map((turn) => (values: readonly number[]) => values.map((_, k) => values[(k + turn) % 26]!).map((value) => (value >= 2 ** 32 ? address((value / 2 ** 33 - 1 + turn) % 4) : value)));
    const columns = [0, 3, 4, 7, 11, 20, 25];
    const values = texts.map((_, k) => (columns.includes(k) ? NaN : k === 1 ? address(0) : 0));
    table.addProduct(Float64Array.from(values), bits(columns), false, 4);
    table.add(Float64Array.from(texts, () => address(1)), () => true, 4);
    const elements: [number[], number][] = [...elementsOf(values, columns, 4), [texts.map(() => address(1)), 4]];
    expectStates(table.expanded(maps, () => true), texts, elements.flatMap(([element, count]) => maps.map((map): [number[], number] => [[...map(element)], count / 4])));
  });

  it("counts no product whose states are not numbers", () => {
    const texts = Array.from({ length: 27 }, (_, k) => `${String(k)}:r`);
    const table = new StateTable(texts, print);
    expect(table.addProduct(Float64Array.from(texts, () => 0), [], true, 1)).toBeUndefined();
    expectStates(table, texts, []);
  });
});
