import { describe, expect, it } from "vitest";
import type { Finding } from "../protocol/index.ts";
import { testParser } from "../test-support/review.ts";
import { judgingHere } from "./judging.ts";
import { readProjectConfig } from "./project-config.ts";
import { Reviewer } from "./reviewer.ts";

const said = (text: string): readonly string[] => readProjectConfig(text).errors.map(({ line, message }) => `${String(line)}: ${message}`);

describe("quiesce.toml", () => {
  it("names the line of what it cannot follow, and then nothing of it counts", () => {
    expect(said("[[api]]\nname = \"a\"\neffects = [\"free\"]\n\n[[api]]\nname = \"b\"\neffects = [\"fry\"]\n")[0]).toMatch(/^5: effects "fry" is no effect; known are /);
    expect(said("[[api]]\nname = \n")[0]).toMatch(/^2: /);
    expect(said("# apis\n[apis]\nx = 1\n")).toEqual(["2: apis is not known; known are [[api]] and [rules]"]);
    expect(said("[rules]\n\"rcu/duble-fetch\" = false\n")).toEqual(["2: rcu/duble-fetch is no rule; did you mean rcu/double-fetch?"]);
    expect(said("[rules]\n\"rcu/double-fetch\" = \"no\"\n")).toEqual(["2: rcu/double-fetch is true or false"]);
    expect(readProjectConfig("[[api]]\nname = \"a\"\neffects = [\"free\"]\n[rules]\nnone = 1\n").table.size).toBe(0);
  });

  it("gives rows and the rules that are off", () => {
    const { table, rulesOff, errors } = readProjectConfig("[[api]]\nnames = [\"a\", \"b\"]\neffects = [{ effect = \"free\", arg = 1 }]\n\n[rules]\n\"rcu/double-fetch\" = false\n\"rcu/wrong-flavour\" = true\n");
    expect(errors).toEqual([]);
    expect([...table.keys()]).toEqual(["a", "b"]);
    expect([...rulesOff]).toEqual(["rcu/double-fetch"]);
  });
});

describe("a review", () => {
  const text = `
struct node { struct list_head list; int x; };
static LIST_HEAD(nodes);
static DEFINE_SPINLOCK(lock);
void drop_node(struct node *n)
{
	spin_lock(&lock);
	list_del_rcu(&n->list);
	spin_unlock(&lock);
	own_put_memory(n);
}
int sum(void)
{
	struct node *n;
	int all = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(n, &nodes, list)
		all += n->x;
	rcu_read_unlock();
	return all;
}
`;

  const reviewed = async (toml: string | undefined, rulesAreAsked = false): Promise<readonly Finding[]> => {
    const reviewer = new Reviewer(await testParser(), { readInclude: () => undefined, readProject: () => (toml === undefined ? undefined : { file: "quiesce.toml", text: toml }) }, judgingHere());
    return (await reviewer.review({ file: "x.c", text }, { rules: ["rcu/free-before-grace-period"], rulesAreAsked, emulate: true, kernel: "test" })).findings;
  };
  const row = "[[api]]\nname = \"own_put_memory\"\neffects = [\"free\"]\n";

  it("knows the project's own functions, and forgets them with the file", async () => {
    expect((await reviewed(undefined)).filter(({ evidence }) => evidence?.verdict === "confirmed")).toEqual([]);
    expect((await reviewed(row)).map(({ rule, evidence }) => `${rule} ${evidence?.verdict ?? ""}`)).toEqual(["rcu/free-before-grace-period confirmed"]);
    expect(await reviewed(row.replace("\"free\"", "\"harmless\""))).toEqual([]);
    expect((await reviewed(undefined)).filter(({ evidence }) => evidence?.verdict === "confirmed")).toEqual([]);
  });

  it("leaves out what the project switched off, unless it was asked for by name", async () => {
    const off = `${row}[rules]\n"rcu/free-before-grace-period" = false\n`;
    expect(await reviewed(off)).toEqual([]);
    expect((await reviewed(off, true)).length).toBe(1);
  });

  it("says at the file that the project's is not followed", async () => {
    const reviewer = new Reviewer(await testParser(), { readInclude: () => undefined, readProject: () => ({ file: "quiesce.toml", text: "[rules]\nnone = 1\n" }) }, judgingHere());
    expect(reviewer.detect({ file: "x.c", text }, { rules: "all" }).notAnalysed).toEqual([{ file: "x.c", line: 1, endLine: 1, reason: "quiesce.toml:2: none is no rule; nothing of quiesce.toml counts until it is mended" }]);
  });
});
