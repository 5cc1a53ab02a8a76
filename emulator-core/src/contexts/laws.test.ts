import fc from "fast-check";
import { expect, test } from "vitest";
import type { DriverProgram, Handler, HandlerKind, Step } from "../driver/steps.ts";
import { contextsOf } from "./contexts.ts";

/** Registers are numbered when a program is put together: each is set once. */
type Shape = readonly Step[];

const leaf: fc.Arbitrary<Shape> = fc.constantFrom<Shape>(
  [{ kind: "may-sleep", call: "msleep" }], [{ kind: "grace-period" }], [{ kind: "grace-period", domain: "s" }],
  [{ kind: "queue", handler: "h" }], [{ kind: "queue", handler: "g" }], [{ kind: "wait-for-handler", handler: "h" }], [{ kind: "wait-for-handler", handler: "g" }],
  [{ kind: "complete", completion: "done" }], [{ kind: "wait-for-completion", completion: "done" }], [{ kind: "kfree-rcu", object: "page" }], [{ kind: "module-exit" }],
  [{ kind: "alloc", dst: "?", object: "page", zeroed: false, gfp: "GFP_KERNEL" }], [{ kind: "alloc", dst: "?", object: "page", zeroed: false, gfp: "GFP_ATOMIC" }],
);

const around = (enter: Step, leave: Step) => (inner: Shape): Shape => [enter, ...inner, leave];
const wrappers = [
  around({ kind: "lock", lock: "a", as: "spin" }, { kind: "unlock", lock: "a", as: "spin" }),
  around({ kind: "lock", lock: "b", as: "spin", irqsave: true }, { kind: "unlock", lock: "b", as: "spin", irqsave: true }),
  around({ kind: "lock", lock: "m", as: "mutex" }, { kind: "unlock", lock: "m", as: "mutex" }),
  around({ kind: "read-lock", flavour: "rcu" }, { kind: "read-unlock", flavour: "rcu" }),
  around({ kind: "read-lock", flavour: "bh" }, { kind: "read-unlock", flavour: "bh" }),
  around({ kind: "srcu-read-lock", domain: "s" }, { kind: "srcu-read-unlock", domain: "s" }),
  (inner: Shape): Shape => [{ kind: "load", dst: "?", at: "flag", as: "READ_ONCE" }, { kind: "if", condition: { left: "?", operator: "!=", right: 0 }, then: inner, else: [] }],
  (inner: Shape): Shape => [{ kind: "choose", what: "it fails", then: inner, else: [] }],
  (inner: Shape): Shape => [...inner, ...inner],
];

const { body } = fc.letrec<{ body: Shape }>((tie) => ({
  body: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.tuple(fc.constantFrom(...wrappers), tie("body")).map(([wrap, inner]) => wrap(inner)),
    fc.tuple(tie("body"), tie("body")).map(([one, other]) => [...one, ...other]),
  ),
}));

/** `?` becomes a register of its own; the condition after a load names the load's. */
function numbered(steps: Shape, name: (k: number) => string): Shape {
  let count = 0;
  const visit = (list: Shape): Shape => list.map((step): Step => {
    if (step.kind === "load" || step.kind === "alloc") return { ...step, dst: name(count++) };
    if (step.kind === "if") return { ...step, condition: { ...step.condition, left: name(count - 1) }, then: visit(step.then), else: visit(step.else) };
    return step.kind === "choose" ? { ...step, then: visit(step.then), else: visit(step.else) } : step;
  });
  return visit(steps);
}

const kinds: fc.Arbitrary<HandlerKind> = fc.constantFrom("rcu", "srcu", "work", "timer", "irq");
const shapes = fc.record({ threads: fc.array(body, { minLength: 1, maxLength: 3 }), handlers: fc.tuple(body, body), kinds: fc.tuple(kinds, kinds) });
type Shapes = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

type Change = { readonly register?: (k: number) => string; readonly wrap?: (steps: Shape) => Shape; readonly order?: (all: readonly Shape[]) => readonly Shape[] };

function programOf({ threads, handlers, kinds: of }: Shapes, { register = (k) => `r${String(k)}`, wrap = (steps) => steps, order = (all) => all }: Change = {}): DriverProgram {
  const named = new Map(threads.map((steps, k) => [steps, `T${String(k)}`]));
  const starter: Shape = [{ kind: "queue", handler: "h" }, { kind: "queue", handler: "g" }];
  // Handlers queue nothing here: who starts whom is the table's.
  const quiet = (steps: Shape): Shape => steps.filter(({ kind }) => kind !== "queue").map((step) => (step.kind === "if" || step.kind === "choose" ? { ...step, then: quiet(step.then), else: quiet(step.else) } : step));
  const made = handlers.map((steps, k): Handler => ({ name: "hg"[k]!, kind: of[k]!, title: "h()", steps: numbered(quiet(steps), register), ...(of[k] === "srcu" ? { domain: "s" } : {}) }));
  return {
    name: "laws", objects: [{ name: "flag" }, { name: "page" }], locks: ["a", "b", "m", "outer"], srcuDomains: ["s"],
    threads: [...order(threads).map((steps) => ({ role: named.get(steps)!, title: "t()", steps: wrap(numbered(steps, register)) })), { role: "S", title: "s()", steps: starter }],
    handlers: made, hazard: { kind: "context" },
  };
}

/** What was found, without lines: they move when steps are added. */
const told = (program: DriverProgram, only?: string): readonly string[] =>
  contextsOf(program).findings.filter(({ kind }) => only === undefined || kind === only).map(({ kind, verdict, thread, step, path }) => [kind, verdict, thread, step.source!.text.replace(/\b[rx]\d+ = /, ""), path.filter((one) => one.step.kind !== "lock" || one.step.lock !== "outer").length].join(" ")).sort();

const law = (claim: string, holds: (made: Shapes) => void): void => {
  test(claim, () => { fc.assert(fc.property(shapes.filter(({ threads, handlers }) => JSON.stringify([threads, handlers]).length < 6000 && new Set(threads).size === threads.length), holds), { numRuns: 300 }); });
};

law("the names of registers do not matter", (made) => {
  expect(told(programOf(made, { register: (k) => `x${String(k + 7)}` }))).toEqual(told(programOf(made)));
});

law("an outer mutex around tasks changes nothing about sleeping", (made) => {
  const outer = (steps: Shape): Shape => [{ kind: "lock", lock: "outer", as: "mutex" }, ...steps, { kind: "unlock", lock: "outer", as: "mutex" }];
  expect(told(programOf(made, { wrap: outer }), "sleep-in-atomic")).toEqual(told(programOf(made), "sleep-in-atomic"));
});

law("an outer spinlock around tasks takes no finding about sleeping away", (made) => {
  const outer = (steps: Shape): Shape => [{ kind: "lock", lock: "outer", as: "spin" }, ...steps, { kind: "unlock", lock: "outer", as: "spin" }];
  const before = told(programOf(made), "sleep-in-atomic");
  const after = told(programOf(made, { wrap: outer }), "sleep-in-atomic");
  expect(after).toEqual(expect.arrayContaining([...before.filter((one) => one.includes(" confirmed "))]));
});

law("the order of threads does not matter to what a thread does by itself", (made) => {
  for (const kind of ["sleep-in-atomic", "queued-twice", "missing-barrier-on-exit", "callback-lock-inversion"]) {
    expect(told(programOf(made, { order: (all) => [...all].reverse() }), kind)).toEqual(told(programOf(made), kind));
  }
});

law("with no spinlock, no section and no atomic entry nothing sleeps where it must not", (made) => {
  const calm = (steps: Shape): Shape => steps.filter((step) => step.kind !== "read-lock" && step.kind !== "read-unlock" && !((step.kind === "lock" || step.kind === "unlock") && step.as === "spin"))
    .map((step) => (step.kind === "if" || step.kind === "choose" ? { ...step, then: calm(step.then), else: calm(step.else) } : step));
  const found = contextsOf(programOf({ threads: made.threads.map(calm), handlers: [calm(made.handlers[0]), calm(made.handlers[1])], kinds: ["work", "work"] })).findings;
  expect(found.filter(({ kind }) => kind === "sleep-in-atomic" || kind === "irq-unsafe-lock")).toEqual([]);
});
