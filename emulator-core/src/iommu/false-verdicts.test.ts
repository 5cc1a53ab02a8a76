import { describe, expect, it } from "vitest";
import { deviceValue } from "../driver/lower-device.ts";
import { exportLitmus } from "../driver/export.ts";
import { widthMax } from "../columns.ts";
import { judgeDriver } from "../driver/judge.ts";
import { renderWitness, witnessOf } from "../driver/witness.ts";
import { barrierCases } from "./false-verdicts/barriers.ts";
import { cacheCases } from "./false-verdicts/caches.ts";
import type { Device } from "../driver/steps.ts";
import { dma, page, pte, thenReused, type Case } from "./false-verdicts/case.ts";
import { deviceCases } from "./false-verdicts/devices.ts";
import { queueCases } from "./false-verdicts/queues.ts";

const all: readonly (readonly [string, readonly Case[]])[] = [["caches", cacheCases], ["queues", queueCases], ["devices", deviceCases], ["barriers", barrierCases]];

describe.each(all)("%s", (_, cases) => {
  it.each(cases)("%s: %s, %s", (_what, truth, _why, program) => {
    const judged = judgeDriver(program, { verdictOnly: true });
    const { verdict, reason, flags } = judged;
    expect(verdict === "undecided" && reason.startsWith("vacuous") ? "vacuous" : verdict, reason).toBe(truth);
    expect(flags).toEqual([]);
    // The litmus test means the same when it is read again.
    expect(exportLitmus(program, judged)).toMatch(truth === "confirmed" ? /Result: (?:Sometimes|Always)/ : /Result: Never/);
  });
});

describe.each(all)("the witness of %s", (_, cases) => {
  it.each(cases.filter(([, truth]) => truth === "confirmed"))("%s: fits a mail, and shows nothing that its caches forbid", (_what, _truth, _why, program) => {
    const judged = judgeDriver(program, { verdictOnly: true });
    const text = renderWitness(witnessOf(program, judged)!);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(widthMax);
    expect(text).not.toMatch(/evicted|later\d|_finished|_done|v_|\?/);
    const { events, order } = judged.witness!;
    const shown = order.map((id) => events.find((event) => event.id === id)!);
    // An entry that is in use when a flush of its cache begins is no longer in use when it has ended.
    const inUse = new Map<string, number>();
    for (const { kind, location = "" } of shown) {
      if (kind === "srcu-lock") inUse.set(location, (inUse.get(location) ?? 0) + 1);
      if (kind === "srcu-unlock") inUse.set(location, inUse.get(location)! - 1);
      if (kind === "sync-srcu") expect(inUse.get(location) ?? 0, text).toBe(0);
    }
  });
});

describe("what would have to be guessed is refused", () => {
  const behind = (...path: Device["path"]): (() => unknown) => () => judgeDriver({ ...thenReused(), objects: [page, pte, { name: "dc", initial: "&io_pte", seenBy: "device" }, { name: "word", initial: 1, seenBy: "device" }], devices: [{ ...dma, path }] });

  it("a cached entry that is a context or a table", () => {
    expect(behind({ dst: "root", at: "dc", cache: "context" }, { dst: "p", cache: "iotlb" })).toThrow("say whether the entry root in context is used for each transaction");
  });

  it("a way that goes on by what is no address", () => {
    expect(behind({ dst: "root", at: "word" }, { dst: "p" })).toThrow("may be the number 1; write 0 or &object");
    expect(behind({ dst: "p", at: "word" })).toThrow("p holds no address");
  });

  it("an entry that is found again and was never kept", () => {
    expect(() => judgeDriver({ ...thenReused(), devices: [{ ...dma, path: [{ dst: "p", at: "io_pte" }], again: { dst: "later", at: "io_pte" } }] })).toThrow("not cached is not found again");
  });

  it("when CPUs see what the device writes past their caches", () => {
    const program = { ...thenReused(), objects: [{ ...page, nonCoherent: true }, { ...pte, initial: 0 }, { name: "other", initial: "&page" }], devices: [{ ...dma, access: "write", path: [{ dst: "p", at: "other" }] }] } as const;
    expect(judgeDriver({ ...program, hazard: { kind: "outcome", what: "written", when: [{ at: "page", is: deviceValue }] } }).reason).toContain("does not snoop");
  });
});

it("asks more than a hundred programs", () => {
  expect(all.reduce((sum, [, cases]) => sum + cases.length, 0)).toBeGreaterThan(100);
});
