import { describe, expect, it } from "vitest";
import { type NumberedStates, type StateList, stateLines } from "../evidence/litmus.ts";
import { writeStateLines } from "./state-bytes.ts";

function written(list: StateList, separator: string, keepsBytes = false): string {
  const chunks: Buffer[] = [];
  writeStateLines(list, separator, (bytes) => {
    chunks.push(keepsBytes ? Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length) : Buffer.from(bytes));
    return keepsBytes;
  });
  return Buffer.concat(chunks).toString();
}

/** Some of the states of these columns, the same ones every time. */
function numbered(columns: number, values: readonly string[], isTaken: (random: number) => boolean): NumberedStates {
  const radix = 8;
  const keys: number[] = [];
  let random = 1;
  const extend = (column: number, key: number): void => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    if (column === columns) {
      if (isTaken(random / 2 ** 32)) keys.push(key);
    } else values.forEach((_, digit) => { extend(column + 1, key * radix + digit); });
  };
  extend(0, 0);
  return { kind: "numbered", heads: Array.from({ length: columns }, (_, k) => `${k === 0 ? "" : " "}${String(k)}:r1=`), values, radix, keys: Float64Array.from(keys) };
}

describe("lines of final states as bytes", () => {
  it.each([
    ["all states of sixteen columns", numbered(16, ["0;", "1;"], () => true)],
    ["half of them", numbered(14, ["0;", "1;"], (random) => random < 0.5)],
    ["all but a few of them", numbered(15, ["0;", "1;"], (random) => random < 0.999)],
    ["values of different lengths", numbered(8, ["-1;", "0;", "1000;", "x;"], (random) => random < 0.9)],
    ["one value", numbered(12, ["0;"], () => true)],
    ["one column", numbered(1, ["0;", "1;", "é;"], () => true)],
    ["no column", numbered(0, [], () => true)],
    ["no state", numbered(3, ["0;"], () => false)],
    ["lines that are no numbers", { kind: "lines", lines: ["0:r1=0; x=1;", "", "é".repeat(1 << 20), "0:r1=1;"] } as const],
  ])("are the lines joined: %s", (_, list) => {
    for (const separator of ["\n", " | "]) {
      const expected = stateLines(list).join(separator);
      expect(written(list, separator) === expected).toBe(true);
      expect(written(list, separator, true) === expected).toBe(true);
    }
  });
});
