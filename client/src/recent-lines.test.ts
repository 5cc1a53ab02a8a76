import { expect, it } from "vitest";
import { RecentLines } from "./recent-lines.ts";

it("keeps the last lines, whatever is in one message", () => {
  const recent = new RecentLines(3);
  recent.add("one");
  recent.add("two\nthree\r\nfour");
  expect(recent.all()).toEqual(["two", "three", "four"]);
});
