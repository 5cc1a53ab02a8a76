import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReviewState, ReviewStatus } from "../../server/src/protocol/index.ts";
import { StatusBoard } from "./status-board.ts";

const uri = "file:///a.c";
const status = (state: ReviewState, message = ""): ReviewStatus => ({ uri, state, message, ms: state === "analysing" ? null : 12 });

function setUp(): { readonly board: StatusBoard; readonly shown: (ReviewState | undefined)[] } {
  const shown: (ReviewState | undefined)[] = [];
  const board: StatusBoard = new StatusBoard((changed) => shown.push(board.of(changed)?.state));
  return { board, shown };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a review", () => {
  it("that is quick is never shown as going on", () => {
    const { board, shown } = setUp();
    board.take(status("analysing"));
    vi.advanceTimersByTime(399);
    board.take(status("ready"));
    vi.advanceTimersByTime(1_000);
    expect(shown).toEqual(["ready"]);
  });

  it("that lasts is shown once, and then its end", () => {
    const { board, shown } = setUp();
    board.take(status("analysing"));
    vi.advanceTimersByTime(400);
    board.take(status("ready"));
    expect(shown).toEqual(["analysing", "ready"]);
  });

  it("leaves the state of the one before until it lasts", () => {
    const { board, shown } = setUp();
    board.take(status("ready"));
    board.take(status("analysing"));
    vi.advanceTimersByTime(200);
    expect(board.of(uri)?.state).toBe("ready");
    board.take(status("analysing", "1 confirmed"));
    vi.advanceTimersByTime(200);
    expect(board.of(uri)).toEqual(status("analysing", "1 confirmed"));
    expect(shown).toEqual(["ready", "analysing"]);
  });

  it("of a closed document says nothing afterwards", () => {
    const { board, shown } = setUp();
    board.take(status("analysing"));
    board.forget(uri);
    vi.advanceTimersByTime(1_000);
    expect(shown).toEqual([]);
    expect(board.of(uri)).toBeUndefined();
  });

  it("of a server that ended is forgotten", () => {
    const { board } = setUp();
    board.take(status("ready"));
    board.clear();
    expect(board.of(uri)).toBeUndefined();
  });
});
