import { describe, expect, test } from "vitest";
import { check, parseLitmus, printLitmus, type Program } from "./index.ts";

function parsed(text: string, model: "lkmm" | "lkmm-6.1" = "lkmm"): Program {
  const result = parseLitmus(text, { model });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.program;
}

const writer = "P0(int *x, int *y)\n{\n\tWRITE_ONCE(*x, 1);\n\tWRITE_ONCE(*y, 1);\n}\n";
const reader = "P1(int *x, int *y)\n{\n\tint r0 = READ_ONCE(*y);\n\tint r1 = READ_ONCE(*x);\n}\n";
const question = "exists (1:r0=1 /\\ 1:r1=0)\n";

describe("threads that tests share", () => {
  test("are read once and cannot be changed", () => {
    const a = parsed(`C a\n{}\n${writer}${reader}${question}`);
    const b = parsed(`C b\n{ x=2; }\n${writer}${reader}exists (1:r1=2)\n`);
    expect(b.threads[0]).toBe(a.threads[0]);
    expect(Object.isFrozen(a.threads[1]!.body[0])).toBe(true);
    expect(check(a).states).toEqual(["1:r0=0; 1:r1=0;", "1:r0=0; 1:r1=1;", "1:r0=1; 1:r1=0;", "1:r0=1; 1:r1=1;"]);
    expect(check(b).states).toEqual(["1:r1=1;", "1:r1=2;"]);
  });

  test("are not mixed up where globals have other numbers, or registers start with a value", () => {
    const swapped = parsed(`C c\n{ y=5; x=7; }\n${writer}${reader}${question}`);
    expect(check(swapped).states).toEqual(["1:r0=1; 1:r1=1;", "1:r0=1; 1:r1=7;", "1:r0=5; 1:r1=1;", "1:r0=5; 1:r1=7;"]);
    const pointer = "P1(int *x)\n{\n\tint r1 = READ_ONCE(*r0);\n}\n";
    const through = (target: string): Program => parsed(`C d\n{ 1:r0=&${target}; x=3; y=4; }\n${writer}${pointer}exists (1:r1=3)\n`);
    expect(check(through("x")).states).toEqual(["1:r1=1;", "1:r1=3;"]);
    expect(check(through("y")).states).toEqual(["1:r1=1;", "1:r1=4;"]);
  });

  test("are what another model, marked accesses and another end of the text make of them", () => {
    const plain = "P0(int *x)\n{\n\t*x = 1;\n}\n";
    const racy = parsed(`C e\n{}\n${plain}P1(int *x)\n{\n\tint r0 = READ_ONCE(*x);\n}\nexists (1:r0=1)\n`);
    expect(check(racy).flags).toEqual(["data-race"]);
    expect(check(racy, { plainAsMarked: true }).flags).toEqual([]);
    const srcu = "C f\n{}\nP0(struct srcu_struct *s)\n{\n\tsrcu_down_read(s);\n}\nexists (true)\n";
    expect(parseLitmus(srcu).ok).toBe(true);
    expect(parseLitmus(srcu, { model: "lkmm-6.1" }).ok).toBe(false);
    const nested = (rest: string): string => `C g\n{}\nP0(int *x)\n{\n\tif (1) {\n\tWRITE_ONCE(*x, 1);\n}\n${rest}}\nexists (x=1)\n`;
    expect(printLitmus(parsed(nested("WRITE_ONCE(*x, 2);\n")))).toContain("WRITE_ONCE(*x, 2)");
    expect(printLitmus(parsed(nested("")))).not.toContain("WRITE_ONCE(*x, 2)");
  });

  test("with comments are read each time, for the result may stand in one", () => {
    const text = "C h\n{}\nP0(int *x)\n{\n\t// Result: Always\n\tWRITE_ONCE(*x, 1);\n}\nexists (x=1)\n";
    expect(parsed(text).expected).toBe("Always");
    expect(parsed(text).expected).toBe("Always");
  });
});
