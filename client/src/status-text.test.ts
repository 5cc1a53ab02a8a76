import { describe, expect, it } from "vitest";
import type { ReviewState, ReviewStatus } from "../../server/src/protocol/index.ts";
import type { ServerState } from "./server-supervisor.ts";
import { statusTextOf } from "./status-text.ts";

const status = (state: ReviewState, message: string, ms: number | null): ReviewStatus => ({ uri: "file:///a.c", state, message, ms });

describe("the status item", () => {
  it("says state, message and time", () => {
    expect(statusTextOf("running", status("ready", "1 confirmed, 2 undecided", 1_340), true).detail).toBe("ready: 1 confirmed, 2 undecided (1.3 s)");
    expect(statusTextOf("running", status("not-analysed", "lines 3 to 9 could not be followed", 12.4), true).detail).toBe("not analysed here: lines 3 to 9 could not be followed (12 ms)");
    expect(statusTextOf("running", status("analysing", "1 not yet tried", null), true)).toMatchObject({ detail: "analysing: 1 not yet tried", isBusy: true });
    expect(statusTextOf("running", status("failed", "the review stopped", 3), true)).toMatchObject({ detail: "failed: the review stopped (3 ms)", isError: true, command: "showLog" });
  });

  it("offers the restart when there is no server", () => {
    expect(statusTextOf("failed", status("ready", "1 confirmed", 3), true)).toMatchObject({ command: "restart", isError: true });
  });

  it("does not call a document clean that is not reviewed", () => {
    expect(statusTextOf("running", undefined, false).detail).toMatch(/^not analysed here: /);
    expect(statusTextOf("running", undefined, true)).toMatchObject({ detail: "not reviewed yet", isBusy: false });
  });

  it("keeps its width: the word, and one icon or VS Code's spinner", () => {
    const servers: readonly ServerState[] = ["starting", "running", "waiting", "failed", "stopped"];
    const states: readonly ReviewState[] = ["ready", "analysing", "not-analysed", "failed"];
    for (const server of servers) {
      for (const state of states) {
        const { text, isBusy } = statusTextOf(server, status(state, "message", 1), true);
        expect(text).toMatch(isBusy ? /^Quiesce$/ : /^Quiesce\u00a0\u00a0\$\([a-z-]+\)$/);
      }
    }
  });
});
