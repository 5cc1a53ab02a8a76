import { describe, expect, it } from "vitest";
import type { Finding } from "../protocol/index.ts";
import { reviewInFolder } from "../test-support/review.ts";
import { include, reader, updater } from "../test-support/two-files.ts";

const header = `struct bond { struct list_head list; struct rcu_head rcu; int id; };
struct dom { struct list_head bonds; spinlock_t lock; struct bond __rcu *only; };
struct other { struct list_head list; int id; };
struct room { struct list_head others; };
void dom_remove(struct dom *d, struct bond *b);
extern struct list_head all_bonds;
`;

const file = "drivers/demo/update.c";

/** The one finding of a rule in update.c. */
async function found(files: Readonly<Record<string, string>>, rule = "rcu/free-before-grace-period", tree?: Readonly<Record<string, string>>): Promise<Finding> {
  const texts = { "dom.h": header, ...files };
  const [first, ...others] = (await reviewInFolder(texts, "update.c", "drivers/demo", tree)).filter((one) => one.rule === rule);
  expect(others).toEqual([]);
  if (first === undefined) throw new Error(`no finding of ${rule}`);
  expect(first.file).toBe(file);
  return first;
}

describe("the other side stands in another file of the folder", () => {
  it("confirms with the reader there, and names its file", async () => {
    const { evidence, steps } = await found({ "update.c": updater, "read.c": reader });
    expect(evidence).toMatchObject({ verdict: "confirmed", counterpart: { file: "drivers/demo/read.c", function: "dom_sum", line: 4, synthetic: false } });
    expect(steps.some((step) => step.file === "drivers/demo/read.c" && step.line === 10 && step.text.includes("list_for_each_entry_rcu"))).toBe(true);
    expect(steps.some((step) => step.file === file && step.line === 9)).toBe(true);
  });

  it("confirms with a reader of the file that another file calls in a section", async () => {
    const helper = reader.slice(include.length).replace("int dom_sum", "int sum_of").replace("\trcu_read_lock();\n", "").replace("\trcu_read_unlock();\n", "");
    const caller = `${include}\nint dom_sum(struct dom *d)\n{\n\tint sum;\n\n\trcu_read_lock();\n\tsum = sum_of(d);\n\trcu_read_unlock();\n\treturn sum;\n}\n`;
    const plain = (await found({ "update.c": `${updater.replace("list_del_rcu", "list_del").replace("kfree(b)", "kfree_rcu(b, rcu)")}${helper}`, "read.c": caller }, "rcu/plain-list-operation")).evidence;
    expect(plain).toMatchObject({ verdict: "confirmed", counterpart: { file, function: "sum_of", synthetic: false } });
  });

  it("confirms with a walk that a macro of the shared header hides", async () => {
    const hidden = { "dom.h": `${header}#define for_each_bond(b, d) list_for_each_entry_rcu(b, &(d)->bonds, list)\n` };
    const { evidence } = await found({ ...hidden, "update.c": updater, "read.c": reader.replace("list_for_each_entry_rcu(b, &d->bonds, list)", "for_each_bond(b, d)") });
    expect(evidence).toMatchObject({ verdict: "confirmed", counterpart: { file: "drivers/demo/read.c", function: "dom_sum" } });
  });

  it.each([
    ["rcu/plain-list-operation", "an element is added plainly", "\tb->id = 1;\n\tspin_lock(&d->lock);\n\tlist_add(&b->list, &d->bonds);\n\tspin_unlock(&d->lock);\n", reader],
    ["rcu/missing-assign-pointer", "a pointer is published plainly", "\tb->id = 1;\n\tspin_lock(&d->lock);\n\td->only = b;\n\tspin_unlock(&d->lock);\n",
      reader.replace("list_for_each_entry_rcu(b, &d->bonds, list)", "b = rcu_dereference(d->only);\n\tif (b)")],
    ["rcu/free-before-grace-period", "the old object behind a pointer is freed", "\tstruct bond *old;\n\n\tspin_lock(&d->lock);\n\told = rcu_dereference_protected(d->only, lockdep_is_held(&d->lock));\n\trcu_assign_pointer(d->only, b);\n\tspin_unlock(&d->lock);\n\tkfree(old);\n",
      reader.replace("list_for_each_entry_rcu(b, &d->bonds, list)", "b = rcu_dereference(d->only);\n\tif (b)")],
  ])("confirms %s: %s", async (rule, _what, body, other) => {
    const own = `${include}\nvoid dom_change(struct dom *d, struct bond *b)\n{\n${body}}\n\n${rule === "rcu/missing-assign-pointer" ? "void dom_forget(struct dom *d)\n{\n\tRCU_INIT_POINTER(d->only, NULL);\n}\n" : rule === "rcu/plain-list-operation" ? `void dom_drop(struct dom *d, struct bond *b)\n{\n\tspin_lock(&d->lock);\n\tlist_del_rcu(&b->list);\n\tspin_unlock(&d->lock);\n\tkfree_rcu(b, rcu);\n}\n` : ""}`;
    const { evidence } = await found({ "update.c": own, "read.c": other }, rule);
    expect(evidence).toMatchObject({ verdict: "confirmed", counterpart: { file: "drivers/demo/read.c", function: "dom_sum" } });
    const alone = await found({ "update.c": own }, rule);
    expect(alone.evidence).toMatchObject({ verdict: "undecided", counterpart: { synthetic: true } });
  });

  const pointerReader = (body: string): string => `${include}\nint dom_id(struct dom *d)\n{\n\tstruct bond *b;\n\tint id = 0;\n\n${body}\treturn id;\n}\n`;
  const change = `${include}
void dom_change(struct dom *d, struct bond *b)
{
	struct bond *old;

	b->id = 1;
	spin_lock(&d->lock);
	old = rcu_dereference_protected(d->only, lockdep_is_held(&d->lock));
	rcu_assign_pointer(d->only, b);
	spin_unlock(&d->lock);
	if (old)
		kfree_rcu(old, rcu);
}
`;
  it.each([
    ["rcu/use-after-unlock", "\trcu_read_lock();\n\tb = rcu_dereference(d->only);\n\trcu_read_unlock();\n\tif (b)\n\t\tid = b->id;\n"],
    ["rcu/missing-dereference", "\trcu_read_lock();\n\tb = d->only;\n\tif (b)\n\t\tid = b->id;\n\tb = rcu_dereference(d->only);\n\tif (b)\n\t\tid += b->id;\n\trcu_read_unlock();\n"],
  ])("finds who changes it there: %s", async (rule, body) => {
    const { evidence } = await found({ "update.c": pointerReader(body), "change.c": change }, rule);
    expect(evidence?.counterpart).toMatchObject({ file: "drivers/demo/change.c", function: "dom_change", synthetic: false });
    const alone = await found({ "update.c": pointerReader(body) }, rule);
    expect(alone.evidence?.counterpart?.synthetic).toBe(true);
  });

  it("says nothing of it where no folder can be listed", async () => {
    const { evidence } = await found({ "update.c": updater });
    expect(evidence?.reason).toBe("no function of this file is on the other side; with a synthetic one the hazard is reachable");
  });
});

const undecided = { verdict: "undecided", counterpart: { synthetic: true } };

describe("what is no counterpart", () => {
  it("a reader that holds the updater's lock", async () => {
    const locked = reader.replace("rcu_read_lock();", "rcu_read_lock();\n\tspin_lock(&d->lock);").replace("\trcu_read_unlock();", "\tspin_unlock(&d->lock);\n\trcu_read_unlock();");
    const { evidence } = await found({ "update.c": updater.replace("\tspin_unlock(&d->lock);\n\tkfree(b);", "\tkfree(b);\n\tspin_unlock(&d->lock);"), "read.c": locked });
    expect(evidence?.verdict).toBe("undecided");
  });

  it("a walk of another struct's list by a member of the same name", async () => {
    const { evidence } = await found({ "update.c": updater, "read.c": reader.replace("struct dom *d", "struct room *d").replace("struct bond *b;", "struct other *b;").replace("&d->bonds", "&d->others") });
    expect(evidence).toMatchObject(undecided);
  });

  it("a walk of a struct of the same name that is private to the other file", async () => {
    const own = "struct bond { struct list_head list; int id; };\nstruct dom { struct list_head bonds; };\n";
    const { evidence } = await found({ "update.c": updater, "read.c": reader.replace('#include "dom.h"\n', own) });
    expect(evidence).toMatchObject(undecided);
  });

  it("a walk of a struct of the same name that is private to the file itself", async () => {
    const own = "struct bond { struct list_head list; struct rcu_head rcu; int id; };\nstruct dom { struct list_head bonds; spinlock_t lock; };\n";
    const { evidence } = await found({ "update.c": updater.replace('#include "dom.h"\n', own), "read.c": reader });
    expect(evidence).toMatchObject(undecided);
  });

  it("a walk of a struct of the same name out of another header", async () => {
    const { evidence } = await found({ "update.c": updater, "read.c": reader.replace("dom.h", "dom2.h"), "dom2.h": header });
    expect(evidence).toMatchObject(undecided);
  });

  it("a static list of the same name", async () => {
    const heads = "static LIST_HEAD(bonds);\nstatic DEFINE_SPINLOCK(lock);\n";
    const globalUpdater = updater.replace("void dom_remove", `${heads}\nvoid dom_add(struct bond *b)\n{\n\tspin_lock(&lock);\n\tlist_add_rcu(&b->list, &bonds);\n\tspin_unlock(&lock);\n}\n\nvoid dom_remove`)
      .replace("spin_lock(&d->lock);\n\tlist_del_rcu(&b->list);\n\tspin_unlock(&d->lock);", "spin_lock(&lock);\n\tlist_del_rcu(&b->list);\n\tspin_unlock(&lock);");
    const globalReader = reader.replace("int dom_sum", "static LIST_HEAD(bonds);\n\nint dom_sum").replace("&d->bonds", "&bonds");
    const { evidence } = await found({ "update.c": globalUpdater, "read.c": globalReader });
    expect(evidence?.verdict).toBe("undecided");
    expect(evidence?.reason).toContain("put on several lists");
  });

  it("a list of which both sides know only that it is a list", async () => {
    const spare = `${include}\nvoid dom_spare(struct room *r, struct bond *b)\n{\n\tlist_add_rcu(&b->list, &r->others);\n}\n\nvoid dom_add(struct dom *d, struct bond *b)\n{\n\tlist_add_rcu(&b->list, &d->bonds);\n}\n`;
    const { evidence } = await found({ "update.c": updater, "read.c": reader.replace(include, spare) });
    expect(evidence).toMatchObject({ verdict: "undecided", reason: "a struct bond is put on several lists by its list, and which one is meant is not visible" });
  });

  it("a file that is built under another option", async () => {
    const makefile = (lines: string): Record<string, string> => ({ "drivers/demo/Makefile": lines });
    const apart = await found({ "update.c": updater, "read.c": reader }, undefined, makefile("obj-$(CONFIG_A) += update.o\nobj-$(CONFIG_B) += read.o\n"));
    expect(apart.evidence).toMatchObject({ verdict: "undecided", reason: "dom_sum() is in drivers/demo/read.c, and that one kernel has both files is not known" });
    const never = await found({ "update.c": updater, "read.c": reader }, undefined, makefile("demo-$(CONFIG_A) += update.o\nifndef CONFIG_A\ndemo-y += read.o\nendif\n"));
    expect(never.evidence?.verdict).toBe("undecided");
    for (const lines of ["demo-y := update.o read.o\n", "demo-y += update.o\ndemo-$(CONFIG_B) += read.o\n", "obj-$(CONFIG_A) += update.o read.o\n"]) {
      expect((await found({ "update.c": updater, "read.c": reader }, undefined, makefile(lines))).evidence?.verdict, lines).toBe("confirmed");
    }
  });

  it("a file that defines a function of the file as well", async () => {
    const twice = `${reader}\nvoid dom_remove(struct dom *d, struct bond *b)\n{\n}\n`;
    const { evidence } = await found({ "update.c": updater, "read.c": twice });
    expect(evidence?.reason).toContain("drivers/demo/read.c was left out: it defines dom_remove as well, so no build has both");
  });

  it("a reader of which only the callers are in a section", async () => {
    const helper = reader.replace("\trcu_read_lock();\n", "").replace("\trcu_read_unlock();\n", "");
    const { evidence } = await found({ "update.c": updater, "read.c": helper });
    expect(evidence?.verdict).toBe("undecided");
  });

  it("a reader whose callers all hold the updater's lock", async () => {
    const called = `${include}\nint dom_sum(struct dom *d);\n${reader.replace(include, "").replace("int dom_sum", "static int sum_of").replace("static int sum_of", "int sum_of")}
int dom_sum(struct dom *d)
{
	int sum;

	mutex_lock(&dom_mutex);
	sum = sum_of(d);
	mutex_unlock(&dom_mutex);
	return sum;
}
`;
    const all = updater.replace("{\n\tspin_lock", "{\n\tmutex_lock(&dom_mutex);\n\tspin_lock").replace("\tkfree(b);\n", "\tkfree(b);\n\tmutex_unlock(&dom_mutex);\n");
    const { evidence } = await found({ "update.c": all, "read.c": called });
    expect(evidence).toMatchObject({ verdict: "undecided", reason: "both sides are called with &dom_mutex held, as far as their callers are in sight" });
  });

  it("a side that a third file calls at set-up and teardown alone", async () => {
    const third = (exit: string): string => `#include "dom.h"\nstatic void __exit demo_exit(void)\n{\n\tdom_remove(the_dom, the_bond);\n}\nmodule_exit(demo_exit);\n${exit}`;
    const alone = await found({ "update.c": updater, "read.c": reader, "main.c": third("") });
    expect(alone.evidence).toMatchObject({ verdict: "undecided", reason: "dom_remove() runs at set-up and teardown alone, as far as its callers are in sight" });
    const also = await found({ "update.c": updater, "read.c": reader, "main.c": third("static ssize_t drop_store(struct device *dev)\n{\n\tdom_remove(the_dom, the_bond);\n\treturn 0;\n}\nstatic struct device_attribute drop = { .store = drop_store };\n") });
    expect(also.evidence?.verdict).toBe("confirmed");
  });

  it("a side that another file calls at teardown alone, though the reader is in the file itself", async () => {
    const both = `${updater}\nint dom_count(struct dom *d)\n{\n\tstruct bond *b;\n\tint n = 0;\n\n\trcu_read_lock();\n\tlist_for_each_entry_rcu(b, &d->bonds, list)\n\t\tn += b->id;\n\trcu_read_unlock();\n\treturn n;\n}\n`;
    const main = (entry: string): string => `#include "dom.h"\nstatic void demo_end(struct platform_device *pdev)\n{\n\tdom_remove(the_dom, the_bond);\n}\n${entry}`;
    const alone = await found({ "update.c": both, "main.c": main("static struct platform_driver demo = { .remove = demo_end };\n") });
    expect(alone.evidence).toMatchObject({ verdict: "undecided", reason: "dom_remove() runs at set-up and teardown alone, as far as its callers are in sight" });
    const alsoLater = await found({ "update.c": both, "main.c": main("static struct demo_ops demo = { .drop = demo_end };\n") });
    expect(alsoLater.evidence?.verdict).toBe("confirmed");
    const unseen = await found({ "update.c": both });
    expect(unseen.evidence?.verdict).toBe("confirmed");
  });

  it("a reader that runs at set-up alone", async () => {
    const atStart = `${reader.replace("int dom_sum(struct dom *d)", "static int __init dom_start(void)").replace("struct bond *b;", "struct bond *b;\n\tstruct dom *d = the_dom;")}\nmodule_init(dom_start);\n`;
    const { evidence } = await found({ "update.c": updater, "read.c": atStart });
    expect(evidence?.verdict).toBe("undecided");
  });
});

describe("private names of two files", () => {
  it("do not mix: a static helper of the same name is another function", async () => {
    const helper = (body: string): string => `static void end_bond(struct bond *b)\n{\n${body}}\n\n`;
    const { evidence } = await found({
      "update.c": updater.replace("void dom_remove", `${helper("\tkfree(b);\n")}void dom_remove`).replace("\tkfree(b);\n}\n\nvoid", "\tkfree(b);\n}\n\nvoid").replace(/\tkfree\(b\);\n\}\n$/, "\tend_bond(b);\n}\n"),
      "read.c": reader.replace("int dom_sum", `${helper("\tb->id = 0;\n")}int dom_sum`).replace("sum += b->id;", "end_bond(b);"),
    });
    expect(evidence).toMatchObject({ verdict: "confirmed", counterpart: { file: "drivers/demo/read.c" } });
  });

  it("are named as their file writes them", async () => {
    const { evidence } = await found({ "update.c": `${updater}\nstatic int dom_sum(void)\n{\n\treturn 0;\n}\n`, "read.c": reader.replace("int dom_sum", "static int dom_sum") });
    expect(evidence?.counterpart).toMatchObject({ function: "dom_sum", file: "drivers/demo/read.c", line: 4 });
  });
});
