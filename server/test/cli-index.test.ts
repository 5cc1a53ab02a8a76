import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, expectNoStackTrace, expectOneComplaint, type Workspace, workspace } from "./cli-harness.ts";

const driver = `static void drop(struct o *o)
{
	synchronize_rcu();
	kfree(o);
}
static int attach(struct o *o)
{
	drop(o);
	return 0;
}
static const struct iommu_domain_ops ops = {
	.attach_dev = attach,
};
`;

let here: Workspace;
beforeAll(() => {
  here = workspace({ "tree/Kbuild": "", "tree/MAINTAINERS": "", "tree/drivers/d.c": driver, "none/x.txt": "" });
});
afterAll(() => here.remove());

const ask = (...args: string[]) => here.run("index", "--kernel", "tree", "--cache", "cache", ...args);

describe("quiesce index", () => {
  it("prints counts, and next time that nothing changed", () => {
    const first = JSON.parse(ask("--format", "json").out) as object;
    expect(first).toMatchObject({ version: 1, complete: true, files: 1, functions: 2, calls: 3, entries: 1, read: 1, wrote: "base" });
    const second = ask();
    expect(second).toMatchObject({ status: 0, err: [] });
    expect(second.out).toMatch(/^ +2 functions$/m);
    expect(second.out).toMatch(/; 0 files read, 0 gone$/m);
  });

  it("names callers", () => {
    expect(ask("--callers", "drop").out).toBe("drop (drivers/d.c:1): 1 caller\n  drivers/d.c:8: attach [file]\n");
    expect(ask("--callers", "synchronize_rcu").out).toBe("synchronize_rcu: not defined in this tree; 1 caller\n  drivers/d.c:1: drop\n");
    expect(JSON.parse(ask("--callers", "drivers/d.c:drop", "--format", "json").out)).toMatchObject({ version: 1, callers: [{ function: "drop", callers: [{ function: "attach", line: 8, confidence: "file" }] }] });
  });

  it("names entry points with their path, and what the function does", () => {
    expect(ask("--entries", "drop").out).toBe(
      "drop (drivers/d.c:1): 1 entry point\n  iommu_domain_ops.attach_dev  drivers/d.c:12  attach -> drop [file]\n  frees its argument 1: drop -> kfree\n  waits for a grace period: drop -> synchronize_rcu\n  may sleep: drop -> synchronize_rcu\n",
    );
  });

  it("names tables", () => {
    expect(ask("--ops", "iommu_domain_ops").out).toBe("iommu_domain_ops: 1 table, 1 entries\ndrivers/d.c:11: ops\n  .attach_dev = attach\n");
  });

  it("sees a file that changed since", () => {
    here.write("tree/drivers/e.c", "void late(void)\n{\n\tdrop_all();\n}\n");
    expect(ask("--callers", "drop_all").out).toContain("drivers/e.c:1: late");
  });

  it("says what it cannot do, in one line", () => {
    expectOneComplaint(ask("--callers", "nothing"), /no function nothing in this tree/);
    expectOneComplaint(ask("--entries", "synchronize_rcu"), /no function synchronize_rcu in this tree/);
    expectOneComplaint(ask("--ops", "nothing"), /no table of type nothing/);
    expectOneComplaint(here.run("index", "--cache", "cache"), /no kernel tree here: name one with --kernel DIR/);
    expectOneComplaint(ask("--callers", "a", "--ops", "b"), /cannot be used with/);
    writeFileSync(join(here.folder, "afile"), "");
    expectOneComplaint(here.run("index", "--kernel", "tree", "--cache", "afile"), /afile: the index could not be written/);
  });

  it("makes a damaged index anew and says so", () => {
    const damaged = here.run("index", "--kernel", "tree", "--cache", "damaged");
    expectNoStackTrace(damaged);
    const folder = join(here.folder, "damaged/index");
    for (const file of readdirSync(folder)) writeFileSync(join(folder, file), "not an index, but long enough to be one");
    const again = here.run("index", "--kernel", "tree", "--cache", "damaged");
    expect(again.status).toBe(0);
    expect(complaints(again)).toEqual(["quiesce: the index was made anew: it is not an index"]);
  });
});
