/** Headers of a kernel tree and of a driver, as the command line finds them. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { FactsReport, Report } from "../src/protocol/index.ts";
import { workspace } from "./cli-harness.ts";

const driver = `#include <linux/bonds.h>
#include "x.h"
#include "nowhere.h"

int x_sum(struct dom *d)
{
	struct bond *b;
	int sum = 0;

	rcu_read_lock();
	bonds_visit(b, d)
		sum += b->id;
	rcu_read_unlock();
	return sum;
}

void x_del(struct dom *d, struct bond *b)
{
	dom_lock(d);
	list_del_rcu(&b->list);
	dom_unlock(d);
	bond_put(b);
}
`;

const tree = workspace({
  Kbuild: "", MAINTAINERS: "", Makefile: "VERSION = 6\nPATCHLEVEL = 12\n",
  "include/linux/bonds.h": "#define bonds_visit(b, d) list_for_each_entry_rcu(b, &(d)->bonds, list)\nstruct bond { struct list_head list; int id; };\nstruct dom { struct list_head bonds; spinlock_t lock; };\n",
  "drivers/x/x.h": "#define dom_lock(d) spin_lock(&(d)->lock)\n#define dom_unlock(d) spin_unlock(&(d)->lock)\nstatic inline void bond_put(struct bond *b)\n{\n\tkfree(b);\n}\n",
  "drivers/x/x.c": driver,
});
const alone = workspace({ "x.c": driver });
const cache = join(tree.folder, "cache");
process.env["XDG_CACHE_HOME"] = cache;

afterAll(() => {
  tree.remove();
  alone.remove();
});

describe("headers", () => {
  it("of the tree and beside the file are followed; the finding stands in the file", () => {
    const { out, status } = tree.run("check", "drivers", "--format", "json");
    const report = JSON.parse(out) as Report;
    expect(report.findings.map(({ file, line, function: fn, evidence }) => [file, line, fn, evidence?.verdict])).toEqual([["drivers/x/x.c", 22, "x_del", "confirmed"]]);
    expect(report.stats.profile.headersNotFound).toBe(1);
    expect(status).toBe(1);
    expect(readdirSync(join(cache, "quiesce/macros"))).toHaveLength(1);
  });

  it("answer the same with nothing kept, and by several threads", () => {
    const findings = (...args: string[]): unknown => (JSON.parse(tree.run("check", "drivers", "--format", "json", ...args).out) as Report).findings;
    const once = findings();
    expect(findings("--no-cache")).toEqual(once);
    expect(findings("--jobs", "2")).toEqual(once);
  });

  it("that are not there are named", () => {
    const { err, out } = alone.run("check", "x.c");
    expect(out).toBe("");
    expect(err.at(-1)).toBe("3 headers not found, so what they define is not known: linux/bonds.h, nowhere.h, x.h (--kernel names a tree)");
    expect(alone.run("check", "x.c", "--quiet").err).toEqual([]);
    const report = JSON.parse(alone.run("facts", "x.c:x_del", "--format", "json").out) as FactsReport;
    expect(report.notSeen.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["header linux/bonds.h", "header nowhere.h", "header x.h", "name bond_put", "name dom_lock", "name dom_unlock"]);
    expect(alone.run("facts", "x.c:x_del").out).toContain("Not seen in other files:\n  headers with no file: linux/bonds.h, nowhere.h, x.h\n");
  });
});
