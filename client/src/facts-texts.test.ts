import { describe, expect, it } from "vitest";
import type { ShownFacts } from "../../server/src/protocol/index.ts";
import { factsUriParts, FactsTexts } from "./facts-texts.ts";

const shown = (uri: string): ShownFacts => ({
  version: 1, uri, text: "f()\n",
  facts: {
    function: "f", file: "a.c", line: 1, endLine: 2, objects: [], points: [], exits: [], control: [], notFollowed: [],
    summary: { acquires: [], releases: [], frees: [], waits: [], sleeps: { answer: "no", lines: [], unknownCalls: 0 }, needs: [] },
  },
});

describe("a document that shows facts", () => {
  it("is called by its function, and is another one for another file", () => {
    expect(factsUriParts(shown("file:///a.c"))).toEqual({ scheme: "quiesce-facts", path: "/f.facts.txt", query: "file:///a.c" });
    expect(factsUriParts(shown("file:///b.c"))).not.toEqual(factsUriParts(shown("file:///a.c")));
  });

  it("says the newest facts, and after a reload how to get them again", () => {
    const texts = new FactsTexts();
    expect(texts.of("x")).toContain("Show Facts of This Function");
    texts.set("x", "old");
    texts.set("x", "new");
    expect(texts.of("x")).toBe("new");
    texts.forget("x");
    expect(texts.of("x")).toContain("gone");
  });
});
