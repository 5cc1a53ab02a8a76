import { describe, expect, it } from "vitest";
import { indexOf } from "../test-support/index-of.ts";
import { domainRoles } from "./domain-roles.ts";
import { callersOf, entriesReaching } from "./reach.ts";
import { Resolver } from "./resolve.ts";
import { stopRows } from "./stop-list.ts";
import { Summaries } from "./summaries.ts";

const fn = (name: string, body = "", head = "void"): string => `${head} ${name}(struct o *o)\n{\n\t${body}\n}\n`;

describe("a name is resolved", () => {
  const index = indexOf({
    "drivers/a/one.c": fn("own", "", "static void") + fn("shared"),
    "drivers/a/two.c": fn("beside") + fn("hidden", "", "static void"),
    "drivers/b/three.c": fn("beside") + fn("shared") + fn("only") + fn("hidden", "", "static void") + fn("own"),
    "include/h.h": "static inline void stub(void) { }\n#define wrap(x) only(x)\nstatic inline void only(void) { }\n",
    "arch/x86/m.c": fn("arch_f") + fn("only_x86"),
    "arch/arm64/m.c": fn("arch_f"),
    "tools/t.c": fn("only") + fn("user"),
  });
  const resolver = new Resolver(index);
  const resolved = (name: string, file: string): string => {
    const { confidence, functions } = resolver.resolve(name, file);
    return `${confidence}: ${functions.map((at) => index.fileOf(at)).join(" ")}`;
  };

  it.each([
    ["own", "drivers/a/one.c", "file: drivers/a/one.c"],
    ["beside", "drivers/a/one.c", "directory: drivers/a/two.c"],
    ["own", "drivers/a/two.c", "unique: drivers/b/three.c"],
    ["only", "drivers/a/one.c", "unique: drivers/b/three.c"],
    ["stub", "drivers/a/one.c", "header: include/h.h"],
    ["wrap", "drivers/a/one.c", "header: include/h.h"],
    ["shared", "net/x.c", "ambiguous: drivers/a/one.c drivers/b/three.c"],
    ["arch_f", "arch/x86/kernel/n.c", "unique: arch/x86/m.c"],
    ["arch_f", "drivers/a/one.c", "ambiguous: arch/arm64/m.c arch/x86/m.c"],
    ["only_x86", "arch/arm64/m.c", "ambiguous: "],
    ["hidden", "net/x.c", "ambiguous: "],
    ["user", "net/x.c", "ambiguous: "],
    ["nowhere", "net/x.c", "ambiguous: "],
  ])("%s in %s as %s", (name, file, expected) => expect(resolved(name, file)).toBe(expected));
});

describe("entry points", () => {
  const index = indexOf({
    "drivers/iommu/d.c":
      fn("wait", "synchronize_rcu();", "static void") +
      fn("detach", "wait(o);", "static void") +
      fn("attach", "detach(o);", "static int") +
      fn("cb", "wait(o);", "static void") +
      fn("probe", "call_rcu(&o->rcu, cb);\n\tmutex_lock(&o->lock);", "static int") +
      fn("lonely", "wait(o);", "static void") +
      fn("api", "wait(o);") +
      "EXPORT_SYMBOL(api);\n" +
      "static const struct iommu_domain_ops blocked_ops = { .attach_dev = attach };\nstatic struct iommu_domain blocked = { .ops = &blocked_ops };\n" +
      "static const struct iommu_ops ops = { .probe_device = probe, .blocked_domain = &blocked, .default_domain_ops = &(const struct iommu_domain_ops){ .attach_dev = attach } };\n",
    "mm/slab.c": fn("kfree", "wait_too(o);") + fn("wait_too", "synchronize_rcu();"),
    "net/x.c": fn("far", "kfree(o);", "static void") + "static const struct net_ops n = { .go = far };\n",
  });
  const resolver = new Resolver(index);
  const one = (name: string): number => index.functionsNamed(name)[0]!;
  const reached = (name: string): readonly string[] =>
    entriesReaching(index, resolver, one(name)).entries.map(({ entry, path }) => `${entry.table}.${entry.field} ${path.map((step) => `${index.info(step.fn).name}@${String(step.line)}`).join(" ")}`);

  it("are found over calls and callbacks, with the path", () => {
    expect(reached("wait")).toEqual([
      "rcu_head.func cb@15 wait@1",
      "iommu_domain_ops.attach_dev attach@11 detach@7 wait@1",
      "iommu_domain_ops.attach_dev attach@11 detach@7 wait@1",
    ]);
  });

  it("say which domain their table serves", () => {
    expect(index.tablesOfType("iommu_domain_ops").map((table) => domainRoles(index, table))).toEqual([["blocked"], ["default"]]);
  });

  it("are not looked for behind the stop list, and that is said", () => {
    expect(entriesReaching(index, resolver, one("wait_too"))).toMatchObject({ entries: [], stoppedAt: ["kfree"] });
  });

  it("may be an exported function that nothing in the tree calls", () => {
    expect(entriesReaching(index, resolver, one("wait")).exported.map((path) => index.info(path[0]!.fn).name)).toEqual(["api"]);
  });

  it("end at the depth, and that is said", () => {
    expect(entriesReaching(index, resolver, one("wait"), 1)).toMatchObject({ entries: [{ entry: { table: "rcu_head" } }], isCut: true });
  });

  it("callers know their line", () => {
    expect(callersOf(index, resolver, one("wait")).map(({ fn: caller, line, confidence }) => `${index.info(caller).name}:${String(line)} ${confidence}`)).toEqual(["detach:7 file", "cb:15 file", "lonely:24 file", "api:28 file"]);
  });
});

describe("a summary", () => {
  const index = indexOf({
    "a.c":
      "static void release(struct c *c, struct o *o)\n{\n\tkfree(o);\n}\n" +
      "void drop(struct o *o)\n{\n\trelease(NULL, o);\n\tother(o);\n}\n" +
      "void loop(struct o *o)\n{\n\tloop(o);\n\tspin_lock(&o->l);\n\tdrop(o);\n}\n" +
      "void quiet(struct o *o)\n{\n\tprintk(o);\n\to->fn(o);\n}\n" +
      "void waits(struct o *o)\n{\n\tmutex_lock(&o->m);\n\tsynchronize_rcu();\n}\nvoid outer(void)\n{\n\twaits(NULL);\n}\n",
  });
  const summaries = new Summaries(index, new Resolver(index));
  const of = (name: string) => summaries.of(index.functionsNamed(name)[0]!);
  const steps = (path: readonly { readonly fn: number }[]): string => path.map(({ fn: at }) => index.info(at).name).join(" ");

  it("knows which argument is freed, through wrappers that move it", () => {
    expect(of("drop").frees.map(({ parameter, api, path }) => `${String(parameter)} ${api} ${steps(path)}`)).toEqual(["0 kfree drop release"]);
    expect(of("loop").frees.map(({ parameter, api, path }) => `${String(parameter)} ${api} ${steps(path)}`)).toEqual(["0 kfree loop drop release"]);
    expect(of("release").frees.map(({ parameter }) => parameter)).toEqual([1]);
  });

  it("knows waits, sleeps and locks of callees", () => {
    const outer = of("outer");
    expect(steps(outer.waits?.path ?? [])).toBe("outer waits");
    expect(outer.sleeps?.api).toBe("mutex_lock");
    expect(outer.locks.map((lock) => `${lock.api} ${lock.class}`)).toEqual(["mutex_lock mutex"]);
    expect(of("loop").locks.map((lock) => lock.class)).toEqual(["spin"]);
    expect(of("loop").sleeps).toBeUndefined();
  });

  it("counts what it knows nothing of", () => {
    expect(of("quiet")).toMatchObject({ waits: undefined, sleeps: undefined, unknownCalls: 1 });
    expect(of("drop").unknownCalls).toBe(1);
  });
});

it("the stop list says why, and names each function once", () => {
  const names = stopRows.flatMap((row) => row.names.split(" "));
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  for (const row of stopRows) expect(row.why).not.toBe("");
});
