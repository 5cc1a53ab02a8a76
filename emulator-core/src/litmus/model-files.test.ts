import { expect, test } from "vitest";
import { parseLitmus } from "./parser.ts";
import { recognizeModel } from "./model-files.ts";

const files = { "linux-kernel.bell": "x", "linux-kernel.cat": "y", "lock.cat": "z" };
const def = `// ONCE
READ_ONCE(X) __load{once}(X)
WRITE_ONCE(A,B) { __store{once}(A,B); }
smp_store_mb(X,V) { __store{once}(X,V); __fence{mb}; }
atomic_read(X) READ_ONCE(*X)
atomic_set(X,V)  { WRITE_ONCE(*X,V); } // with a comment
atomic_add_return_acquire(V,X) __atomic_op_return{acquire}(X,+,V)
atomic_sub_and_test(V,X) __atomic_op_return{mb}(X,-,V) == 0
srcu_read_lock(X)  __srcu{srcu-lock}(X)
`;

test("macros that mean what ours mean are no drift, however they are written", () => {
  expect(recognizeModel({ ...files, "linux-kernel.def": def })).toMatchObject({ model: undefined, macros: [], drift: ["linux-kernel.bell is unknown", "linux-kernel.cat is unknown", "lock.cat is unknown"] });
});

test("files that are not there are named", () => {
  expect(recognizeModel({}).drift).toEqual(["linux-kernel.bell is not there", "linux-kernel.cat is not there", "lock.cat is not there", "linux-kernel.def is not there"]);
});

const changed = `${def}
xchg(X,V) __xchg{once}(X,V)
my_load(X) __load{acquire}(*X)
my_fence() { __fence{mine}; }
`;
const { drift, macros } = recognizeModel({ ...files, "linux-kernel.def": changed });
const test1 = (body: string): string => `C t\n{ }\nP0(int *x) { int r; ${body} }\nexists (x=1)\n`;

test("macros that are new or otherwise are reported, and used where they are understood", () => {
  expect(drift.slice(3)).toEqual(["linux-kernel.def: xchg is defined otherwise", "linux-kernel.def: my_load is new", "linux-kernel.def: my_fence is new and not understood"]);
  const parsed = parseLitmus(test1("r = my_load(x); r = xchg(x, 1);"), { macros });
  expect(parsed.ok && parsed.program.threads[0]!.body.map((i) => i.kind === "assign" && i.value)).toMatchObject([{ kind: "load", tag: "acquire" }, { kind: "rmw", order: "relaxed" }]);
  expect(parseLitmus(test1("r = my_load(x);")).ok).toBe(false);
});

test("a macro of the tree that is not understood is refused with its text", () => {
  const parsed = parseLitmus(test1("my_fence();"), { macros });
  expect(parsed.ok ? [] : parsed.errors).toMatchObject([{ line: 3, column: 21, message: "`my_fence` is defined as `{ __fence{mine}; }` in the kernel tree, which is not understood: expected a macro of linux-kernel.def (Linux 6.12)" }]);
});
