import { describe, expect, it } from "vitest";
import { readFunctionArguments } from "./function-arguments.ts";

const uri = "file:///ws/a.c";
const vscodeUri = { scheme: "file", path: "/ws/a.c", toString: () => uri };

describe("a command about a function", () => {
  it("from the palette means the cursor", () => {
    expect(readFunctionArguments([])).toEqual({ kind: "cursor" });
  });

  it("from a code lens or an action means the function named, or the position", () => {
    const textDocument = { uri };
    expect(readFunctionArguments([{ textDocument, function: "a_detach" }])).toEqual({ kind: "function", at: { textDocument, function: "a_detach" } });
    expect(readFunctionArguments([{ textDocument, position: { line: 3, character: 0 } }])).toEqual({ kind: "function", at: { textDocument, position: { line: 3, character: 0 } } });
    expect(readFunctionArguments([{ textDocument }])).toEqual({ kind: "cursor", uri });
  });

  it("takes a URI, as text or as VS Code's, with a position or a name", () => {
    const at = { textDocument: { uri }, position: { line: 3, character: 5 } };
    expect(readFunctionArguments([uri, { line: 3, character: 5 }])).toEqual({ kind: "function", at });
    expect(readFunctionArguments([vscodeUri, { line: 3, character: 5 }])).toEqual({ kind: "function", at });
    expect(readFunctionArguments([vscodeUri, "a_detach"])).toEqual({ kind: "function", at: { textDocument: { uri }, function: "a_detach" } });
  });

  it("from the context menu means the cursor in that document", () => {
    expect(readFunctionArguments([vscodeUri, { groupId: 0 }])).toEqual({ kind: "cursor", uri });
  });

  it("does not believe anything else", () => {
    expect(readFunctionArguments([{ position: { line: 1, character: 1 } }])).toEqual({ kind: "wrong", reason: "textDocument.uri is missing" });
    expect(readFunctionArguments([{ textDocument: { uri }, function: 3 }])).toEqual({ kind: "wrong", reason: "function must be a name" });
    expect(readFunctionArguments([uri, { line: -1, character: 0.5 }])).toEqual({ kind: "cursor", uri });
  });
});
