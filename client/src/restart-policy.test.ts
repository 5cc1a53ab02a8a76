import { describe, expect, it } from "vitest";
import { afterDeath, recentDeaths } from "./restart-policy.ts";

const minute = 60_000;

describe("after the server ended by itself", () => {
  it("waits twice as long each time", () => {
    const delays = [1, 2, 3, 4].map((count) => afterDeath(Array.from({ length: count }, (_, index) => 1_000 * index)));
    expect(delays).toEqual([500, 1_000, 2_000, 4_000].map((delayMs) => ({ kind: "restart", delayMs })));
  });

  it("gives up after five ends within three minutes", () => {
    expect(afterDeath([0, 1, 2, 3, 3 * minute - 1])).toEqual({ kind: "give-up", deaths: 5, minutes: 3 });
  });

  it("does not count what is three minutes old", () => {
    expect(afterDeath([0, 1, 2, 3, 3 * minute])).toEqual({ kind: "restart", delayMs: 4_000 });
    expect(recentDeaths([0, 3 * minute, 3 * minute + 5])).toEqual([3 * minute, 3 * minute + 5]);
  });
});
