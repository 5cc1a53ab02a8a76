import { describe, expect, it } from "vitest";
import { callsItsParameter } from "./macro-text.ts";

describe("a macro that calls what it is given", () => {
  it.each([
    ["a parameter", ["fn", "arg"], "do { fn(arg); } while (0)", true],
    ["what is left", ["..."], "do { __VA_ARGS__(); } while (0)", true],
    ["a function, with what is left", ["dev", "fmt", "..."], "do { if ((dev)->debug) demo_info(dev, fmt, ##__VA_ARGS__); } while (0)", false],
    ["a function, with what is left under a name", ["fmt", "args..."], "demo_info(fmt, args)", false],
  ] as const)("%s", (_what, parameters, body, expected) => {
    expect(callsItsParameter(body, parameters)).toBe(expected);
  });
});
