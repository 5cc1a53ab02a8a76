import { describe, expect, it } from "vitest";
import { indexOf } from "../test-support/index-of.ts";

/** Everything that one file gave, in lines. */
function extracted(text: string, path = "a.c"): readonly string[] {
  const index = indexOf({ [path]: text });
  return index.functionsOfFile(path).map((fn) => {
    const { name, line, endLine, isStatic, isMacro, isExported } = index.info(fn);
    const marks = `${isStatic ? " static" : ""}${isMacro ? " macro" : ""}${isExported ? " exported" : ""}`;
    const calls = index.callsOf(fn).map((call) => `${call.callee}${call.isPassed ? "*" : ""}@${String(call.line)}`);
    return `${name} ${String(line)}-${String(endLine)}${marks}: ${calls.join(" ")}`.trim();
  });
}

const entries = (text: string, value: string): readonly string[] => indexOf({ "a.c": text }).entriesOf(value).map(({ table, field, owner, via }) => `${table}.${field} of ${owner}${via === "" ? "" : ` via ${via}`}`).sort();

describe("functions and calls", () => {
  it("are found with their lines", () => {
    expect(extracted("static int\nfoo(struct bar *b)\n{\n\treturn baz(b->x, qux());\n}\n\nvoid __init two(void)\n{\n}\n")).toEqual(["foo 2-5 static: baz@4 qux@4", "two 7-9:"]);
  });

  it("need neither prototypes nor casts nor keywords", () => {
    expect(extracted("int f(int a);\nextern void g(void);\nint h(void)\n{\n\tif (a) while (b) return sizeof(c);\n\treturn (int)(x);\n}\n")).toEqual(["h 3-7:"]);
  });

  it("are told by the head, whatever attributes stand around the name", () => {
    expect(extracted("__printf(1, 2) static __always_inline void *a(const char *f, ...)\n\t__acquires(&l)\n{\n}\nint (*b(int x))(void)\n{\n\treturn c;\n}\n")).toEqual(["a 1-4 static:", "b 5-8:"]);
  });

  it("may be called through a pointer, which is another name", () => {
    expect(extracted("void f(struct a *a)\n{\n\ta->ops->attach(a);\n\ta->b.free(a);\n}\n")).toEqual(["f 1-5: ->attach@3 ->free@4"]);
  });

  it("are not their own parameters", () => {
    expect(extracted("int f(int (*cb)(int), int (fn)(void))\n{\n\treturn fn();\n}\n")).toEqual(["f 1-4:"]);
  });

  it("called twice are one edge, at the first line", () => {
    expect(extracted("void f(void)\n{\n\tg();\n\tg();\n}\n")).toEqual(["f 1-5: g@3"]);
  });

  it("of a file handed to a call are edges too", () => {
    expect(extracted("static void rel(struct kref *k) { }\nvoid f(struct a *a)\n{\n\tkref_put(&a->ref, rel);\n\tfoo(a, other);\n}\n")).toEqual(["rel 1-1 static:", "f 2-6: kref_put@4 rel*@4 foo@5"]);
  });

  it("of another file handed on by their address, or kept in a variable, are edges too", () => {
    expect(extracted("static void one(void) { }\nvoid f(struct a *a)\n{\n\twalk(a, &elsewhere, &a);\n\tfn = one;\n\tfn(a);\n}\n")).toEqual(["one 1-1 static:", "f 2-7: walk@4 elsewhere*@4 one*@5 fn@6"]);
  });

  it("are exported by the macro after them", () => {
    expect(extracted("int f(void)\n{\n}\nEXPORT_SYMBOL_GPL(f);\n")).toEqual(["f 1-3 exported:"]);
  });

  it("of macro heads have the name of the first argument", () => {
    const text = "SYSCALL_DEFINE2(frob, int, a, int, b)\n{\n\treturn g(a);\n}\nDEFINE_TRAP(exc_x)\n{\n}\n";
    expect(extracted(text)).toEqual(["sys_frob 1-4: g@3", "exc_x 5-7:"]);
    expect(entries(text, "sys_frob")).toEqual(["syscall.frob of sys_frob via SYSCALL_DEFINE2"]);
  });

  it("survive a macro call without semicolon before them", () => {
    expect(extracted("module_init(f)\nint g(void)\n{\n}\n")).toEqual(["g 2-4:"]);
  });

  it("end at a brace in the first column, whatever a macro did to the count", () => {
    expect(extracted("void f(void)\n{\n\tBEGIN {\n\tg();\n}\nvoid h(void)\n{\n}\n")).toEqual(["f 1-5: g@4", "h 6-8:"]);
  });
});

describe("comments, strings and preprocessor lines", () => {
  it("hold no calls", () => {
    expect(extracted("/* a() { */\nvoid f(void) // b() {\n{\n\tchar *s = \"c() } \\\" {\";\n\tchar q = '{';\n}\n#include <x(y)>\n")).toEqual(["f 2-6:"]);
  });

  it("of macros hold calls", () => {
    expect(extracted("#define FREE(p) do { \\\n\tkfree(p); \\\n\tcb(p); } while (0)\n#define old_name new_name\n#define N 3\n#define BITS BIT(3)\n#define CALL(fn) fn(1)\n#define here() there(\"x(\") /* y( */\n")).toEqual([
      "FREE 1-3 macro: kfree@2 cb@3",
      "old_name 4-4 macro: new_name@4",
      "CALL 7-7 macro:",
      "here 8-8 macro: there@8",
    ]);
  });

  it("leave both arms of #if where each is whole, one where braces are cut, none that no build sees", () => {
    expect(extracted("void f(void)\n{\n#ifdef A\n\ta();\n#else\n\tb();\n#endif\n#ifdef A\n\tif (c()) {\n#else\n\tif (d()) {\n#endif\n\t}\n#if 0\n\te();\n#else\n\tg();\n#endif\n}\nvoid h(void)\n{\n}\n")).toEqual(["f 1-19: a@4 b@6 c@9 g@17", "h 20-22:"]);
  });

  it("may be cut off anywhere", () => {
    const text = "#define A(x) f(x\nstatic struct ops o = { .a = &(const struct in){ .b = c, }, };\nint g(void)\n{\n\th(\"\", 'a', /* */ x);\n}\n";
    for (let length = 0; length <= text.length; length++) expect(() => extracted(text.slice(0, length))).not.toThrow();
  });

  it("may be anything at all", () => {
    let seed = 7;
    const alphabet = ["{", "}", "(", ")", "[", "]", ";", ",", "=", ".", "->", "&", "struct", "a", "b", "#if X\n", "#else\n", "#endif\n", "#define m(x) ", "\n", "\\\n", "\"", "'", "/*", "*/", "\0", "é"];
    for (let round = 0; round < 2000; round++) {
      let text = "";
      for (let i = 0; i < 60; i++) text += alphabet[(seed = (seed * 1103515245 + 12345) & 0x7fffffff) % alphabet.length]! + (seed & 64 ? " " : "");
      expect(() => extracted(text), text).not.toThrow();
    }
  });

  it("nested deeper than any code are read in linear time", () => {
    expect(extracted(`void f(void)\n{\n${"(".repeat(50_000)}\n}\nint x = ${"{".repeat(50_000)};\n`).length).toBeLessThanOrEqual(2);
  });
});

describe("tables", () => {
  const driver = `
static int attach(struct d *d) { return 0; }
static const struct dom_ops blocked_ops = { .attach_dev = attach, .free = shared_free };
static struct dom blocked = { .type = BLOCKED, .ops = &blocked_ops };
static const struct big_ops big = {
	.blocked_domain = &blocked,
	.owner = THIS_MODULE,
	.probe = IS_ENABLED(X) ? attach : NULL,
	.inner = { .deep = attach },
	.default_ops = &(const struct dom_ops) {
		.attach_dev = attach,
	}
};
`;

  it("give their entries to the innermost type", () => {
    expect(entries(driver, "attach")).toEqual(["big_ops.inner.deep of big", "big_ops.probe of big", "dom_ops.attach_dev of big via default_ops", "dom_ops.attach_dev of blocked_ops"]);
    expect(entries(driver, "shared_free")).toEqual(["dom_ops.free of blocked_ops"]);
    expect(entries(driver, "blocked")).toEqual(["big_ops.blocked_domain of big"]);
    expect(entries(driver, "THIS_MODULE")).toEqual([]);
  });

  it("are counted by type", () => {
    const index = indexOf({ "a.c": driver });
    expect(index.tablesOfType("dom_ops").map(({ owner, via, line }) => `${owner} ${via} ${String(line)}`)).toEqual(["blocked_ops  3", "big default_ops 10"]);
  });

  it("may be arrays, without names of fields, in a function, or filled by assignment", () => {
    const text = `
static int one(void) { return 0; }
static const struct desc list[] = { { "a", one }, [2] = { .run = one } };
static int (*const tab[])(void) = { [X] = one };
void f(struct k *k)
{
	static struct local_ops ops = { .go = one };
	k->release = one;
	use((struct lit){ .x = one });
}
`;
    expect(entries(text, "one")).toEqual([".release of f", "desc.[] of list", "desc.run of list", "lit.x of f", "local_ops.go of f", ".[] of tab"].sort());
  });

  it("name macros in place of fields, and attributes that paste", () => {
    const text = "static int s(void) { }\nstatic int r(void) { }\nstatic const struct pm pm = { SLEEP_OPS(s, r) };\nstatic ssize_t x_show(void) { }\nstatic DEVICE_ATTR_RO(x);\n";
    expect(entries(text, "s")).toEqual(["pm.SLEEP_OPS of pm"]);
    expect(entries(text, "x_show")).toEqual(["device_attribute.show of x via DEVICE_ATTR_RO"]);
  });
});

describe("callbacks", () => {
  it.each([
    ["call_rcu(&p->rcu, cb)", "rcu_head.func of f via call_rcu"],
    ["INIT_WORK(&p->work, cb)", "work_struct.func of f via INIT_WORK"],
    ["timer_setup(&p->t, cb, 0)", "timer_list.function of f via timer_setup"],
    ["request_threaded_irq(irq, NULL, cb, 0, n, p)", "irqaction.thread_fn of f via request_threaded_irq"],
    ["devm_request_irq(dev, irq, cb, 0, n, p)", "irqaction.handler of f via devm_request_irq"],
    ["devm_add_action_or_reset(dev, cb, p)", "devres.action of f via devm_add_action_or_reset"],
  ])("%s is an entry point", (call, expected) => {
    expect(entries(`void f(struct p *p)\n{\n\t${call};\n}\n`, "cb")).toEqual([expected]);
  });

  it("of macros at file scope are entry points", () => {
    const text = "static int a(void) { }\nstatic void b(void) { }\nmodule_init(a);\nmodule_exit(b);\nstatic DECLARE_WORK(w, b);\nDECLARE_FIXUP(1, 2, b);\nNOKPROBE_SYMBOL(a);\n";
    expect(entries(text, "a")).toEqual(["module.init of  via module_init"]);
    expect(entries(text, "b")).toEqual(["DECLARE_FIXUP.[2] of  via DECLARE_FIXUP", "module.exit of  via module_exit", "work_struct.func of  via DECLARE_WORK"]);
  });
});

it("__rcu fields are found with their struct", () => {
  const index = indexOf({ "a.h": "struct foo {\n\tstruct bar __rcu *b;\n\tint n;\n\tstruct baz __rcu *t[4];\n};\n" });
  expect(index.rcuFields().map(({ struct, field, line }) => `${struct}.${field}:${String(line)}`)).toEqual(["foo.b:2", "foo.t:4"]);
});

it("parameters that are handed on are known by their place", () => {
  const index = indexOf({ "a.c": "void f(struct c *c, struct o *o)\n{\n\tg(o);\n\th(c, o);\n\tk(&o);\n}\n" });
  expect(index.callsOf(index.functionsNamed("f")[0]!).map(({ callee, parameters }) => `${callee} ${parameters.join(" ")}`)).toEqual(["g 1 -1", "h 0 1", "k -1 -1"]);
});
