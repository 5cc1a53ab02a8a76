import { describe, expect, it } from "vitest";
import { unbalancedBrace } from "./brace-balance.ts";

describe("braces", () => {
  it.each([
    ["a function", "int f(void)\n{\n\treturn 0;\n}\n"],
    ["braces in strings, characters and comments", 'char *s = "{\\"{"; char c = \'{\'; /* { */ // {\n'],
    ["a brace opened in both branches of #if", "#ifdef A\nif (a) {\n#else\nif (b) {\n#endif\n}\n"],
    ["half a block in a macro that runs over lines", "#define OPEN do { \\\n\tif (x) {\nint a;\n"],
    ["a comment that runs over lines", "/*\n{\n*/\n"],
  ])("balance with %s", (_, text) => {
    expect(unbalancedBrace(text)).toBeUndefined();
  });

  it("that are never closed are named by the outermost line", () => {
    expect(unbalancedBrace("int a;\nint f(void)\n{\n\tif (a) {\n}\n")).toEqual({ line: 3, reason: "unbalanced braces: this `{` is never closed" });
  });

  it("that close nothing are named by their line", () => {
    expect(unbalancedBrace("int f(void)\n{\n}\n}\n")).toEqual({ line: 4, reason: "unbalanced braces: this `}` closes nothing" });
  });
});
