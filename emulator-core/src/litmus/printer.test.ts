import fc from "fast-check";
import { expect, test } from "vitest";
import type { BinaryOperator, Expression, Instruction, InitialValue, Observable, Program, Proposition } from "../program.ts";
import { withDeclarations } from "./derive-declarations.ts";
import { parseLitmus } from "./parser.ts";
import { printLitmus } from "./printer.ts";

const location = fc.constantFrom("x", "y", "z");
const register = fc.constantFrom("r0", "r1", "r2");
const small = fc.integer({ min: -3, max: 2 ** 31 - 1 });
const address: fc.Arbitrary<Expression> = fc.oneof(
  fc.record({ kind: fc.constant("address" as const), location, offset: fc.constantFrom(0, 0, 4) }),
  fc.record({ kind: fc.constant("register" as const), name: register }),
);
const operators: readonly BinaryOperator[] = ["+", "-", "*", "/", "&", "|", "^", "==", "!=", "<", ">", "<=", ">="];
const rmwOrder = fc.constantFrom("mb" as const, "relaxed" as const, "acquire" as const, "release" as const);

const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const value = tie("expression");
  return {
    expression: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({ kind: fc.constant("constant" as const), value: small }),
      fc.record({ kind: fc.constant("register" as const), name: register }),
      // `x + 4` with a constant is an address to the parser, so the left side is never one.
      fc.record({ kind: fc.constant("binary" as const), operator: fc.constantFrom(...operators), left: value.filter((e) => e.kind !== "address"), right: value }),
      fc.record({ kind: fc.constant("load" as const), tag: fc.constantFrom("plain" as const, "once" as const, "acquire" as const), address }),
      fc.record({
        kind: fc.constant("rmw" as const), address, order: rmwOrder, result: fc.constant("old" as const),
        operation: fc.oneof(
          fc.record({ kind: fc.constant("exchange" as const), value }),
          fc.record({ kind: fc.constant("compare-exchange" as const), expected: value, value }),
          fc.record({ kind: fc.constant("arithmetic" as const), operator: fc.constantFrom("+" as const, "-" as const), operand: value }),
        ),
      }),
      fc.record({ kind: fc.constant("srcu-read-lock" as const), domain: fc.constant({ kind: "address" as const, location: "s", offset: 0 }) }),
      fc.record({ kind: fc.constant("spin-trylock" as const), lock: fc.constant({ kind: "address" as const, location: "l", offset: 0 }) }),
    ),
  };
});

const { instruction } = fc.letrec<{ instruction: Instruction }>((tie) => ({
  instruction: fc.oneof(
    { maxDepth: 2 },
    fc.record({ kind: fc.constant("assign" as const), register, value: expression }),
    fc.record({ kind: fc.constant("store" as const), tag: fc.constantFrom("plain" as const, "once" as const, "release" as const), address, value: expression }),
    fc.record({ kind: fc.constant("fence" as const), fence: fc.constantFrom("mb" as const, "rmb" as const, "wmb" as const, "rcu-lock" as const, "rcu-unlock" as const, "sync-rcu" as const, "after-unlock-lock" as const) }),
    fc.record({ kind: fc.constantFrom("spin-lock" as const, "spin-unlock" as const), lock: fc.constant({ kind: "address" as const, location: "l", offset: 0 }) }),
    fc.record({ kind: fc.constant("if" as const), condition: expression, then: fc.array(tie("instruction"), { maxLength: 2 }), else: fc.array(tie("instruction"), { maxLength: 2 }) }),
    fc.record({ kind: fc.constant("while" as const), condition: expression, body: fc.array(tie("instruction"), { maxLength: 2 }) }),
  ),
}));

const initialValue: fc.Arbitrary<InitialValue> = fc.oneof(
  fc.record({ kind: fc.constant("constant" as const), value: small }),
  fc.record({ kind: fc.constant("address" as const), location, offset: fc.constantFrom(0, 4) }),
);
const observable: fc.Arbitrary<Observable> = fc.oneof(
  fc.record({ kind: fc.constant("location" as const), location, offset: fc.constantFrom(0, 4) }),
  fc.record({ kind: fc.constant("register" as const), thread: fc.nat(1), register }),
);
const { proposition } = fc.letrec<{ proposition: Proposition }>((tie) => ({
  proposition: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant("equals" as const), left: observable, right: fc.oneof(initialValue, observable) }),
    fc.record({ kind: fc.constantFrom("true" as const, "false" as const) }),
    fc.record({ kind: fc.constant("not" as const), operand: tie("proposition") }),
    fc.record({ kind: fc.constantFrom("and" as const, "or" as const, "implies" as const), left: tie("proposition"), right: tie("proposition") }),
  ),
}));

const program: fc.Arbitrary<Program> = fc
  .record({
    name: fc.constant("generated"),
    globals: fc.tuple(initialValue, initialValue).map(([a, b]): Program["globals"] => [
      { name: "x", words: [a] },
      { name: "y", type: "int", words: [{ kind: "constant", value: 0 }, b], array: true },
      { name: "l", type: "spinlock_t", words: [{ kind: "constant", value: 0 }] },
    ]),
    threads: fc.array(fc.record({ body: fc.array(instruction, { minLength: 1, maxLength: 4 }) }), { minLength: 1, maxLength: 2 }),
    quantifier: fc.constantFrom("exists" as const, "forall" as const, "~exists" as const),
    condition: proposition,
    rest: fc.record({ locations: fc.array(observable, { minLength: 1, maxLength: 3 }), filter: proposition }, { requiredKeys: [] }),
  })
  .map(({ rest, ...p }) => ({ ...p, ...rest }));

test("parse(print(p)) is p with its declarations complete", () => {
  fc.assert(
    fc.property(program, (p) => {
      const printed = printLitmus(p);
      expect(parseLitmus(printed), printed).toEqual({ ok: true, program: withDeclarations(p) });
    }),
    { numRuns: 500 },
  );
});

test("sources become trailing comments, comments a block, and neither can end early", () => {
  const printed = printLitmus({
    name: "t",
    comments: ["hazard *) of (*p)", "second"],
    globals: [{ name: "x", words: [{ kind: "constant", value: 1 }] }],
    threads: [
      {
        role: "Inv CPU",
        title: "x_flush",
        body: [{ kind: "store", tag: "once", address: { kind: "address", location: "x", offset: 0 }, value: { kind: "constant", value: 2 }, source: { file: "a.c", line: 7, column: 1, text: "WRITE_ONCE(p->x,\n2); /* x" } }],
      },
    ],
    quantifier: "exists",
    condition: { kind: "true" },
  });
  expect(printed).toBe(
    "C t\n\n(*\n * hazard * ) of ( *p)\n * second\n *)\n\n{\n\tx=1;\n}\n\nP0(int *x)\n{\n\t// Inv CPU, x_flush\n\tWRITE_ONCE(*x, 2); // a.c:7 WRITE_ONCE(p->x, 2); /* x\n}\n\nexists (true)\n",
  );
  expect(parseLitmus(printed).ok).toBe(true);
});

test("types of parameters and locals are derived from use", () => {
  const at = (name: string): Expression => ({ kind: "address", location: name, offset: 0 });
  const printed = printLitmus({
    name: "t",
    globals: [],
    threads: [
      {
        body: [
          { kind: "assign", register: "i", value: { kind: "srcu-read-lock", domain: at("s") } },
          { kind: "assign", register: "p", value: { kind: "load", tag: "once", address: at("head") } },
          { kind: "assign", register: "v", value: { kind: "load", tag: "once", address: { kind: "register", name: "p" } } },
          { kind: "spin-lock", lock: at("l") },
          { kind: "store", tag: "release", spelling: "rcu_assign_pointer", address: at("head"), value: at("obj") },
          { kind: "evaluate", value: { kind: "rmw", address: at("count"), operation: { kind: "arithmetic", operator: "+", operand: { kind: "constant", value: 1 } }, order: "relaxed", result: "none", spelling: "atomic_inc" } },
        ],
      },
    ],
    quantifier: "exists",
    condition: { kind: "true" },
  });
  expect(printed).toContain("P0(struct srcu_struct *s, int **head, spinlock_t *l, int *obj, atomic_t *count)");
  expect(printed).toContain("\tint i;\n\tint *p;\n\tint v;\n");
});
