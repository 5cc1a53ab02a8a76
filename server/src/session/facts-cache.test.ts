import { describe, expect, it } from "vitest";
import { FactsOfFile } from "../model/function-facts.ts";
import { factsOfText } from "../test-support/review.ts";
import { FactsCache } from "./facts-cache.ts";

const text = `struct s { int lock; };
void g(void)
{
	rcu_barrier();
}
static void helper(struct s *s) { synchronize_rcu(); }
void f(struct s *s)
{
	helper(s);
}
`;

/** How many functions were worked out anew for a text, and the facts of f(). */
async function asked(cache: FactsCache, of: string): Promise<{ readonly made: number; readonly facts: unknown }> {
  const before = cache.madeCount;
  const facts = await factsOfText(of);
  const ofFile = new FactsOfFile(facts, cache.forFile(facts));
  for (const name of facts.functions.keys()) ofFile.of(name);
  const fresh = new FactsOfFile(facts);
  for (const name of facts.functions.keys()) expect(ofFile.of(name)).toEqual(fresh.of(name));
  return { made: cache.madeCount - before, facts: ofFile.of("f") };
}

describe("facts are remembered", () => {
  it("while nothing they came from changes, also when the function moves", async () => {
    const cache = new FactsCache();
    expect((await asked(cache, text)).made).toBe(3);
    expect((await asked(cache, text)).made).toBe(0);
    expect((await asked(cache, text.replace("void g", "\n\nvoid g"))).made).toBe(0);
    expect((await asked(cache, text.replace("rcu_barrier();", "rcu_barrier();\n\n\tg2();"))).made).toBe(1);
  });

  it("but not when a function that they reach does, a struct, or a macro", async () => {
    const cache = new FactsCache();
    await asked(cache, text);
    expect((await asked(cache, text.replace("synchronize_rcu", "synchronize_net"))).made).toBe(2);
    expect((await asked(cache, text.replace("int lock", "long lock"))).made).toBe(3);
    expect((await asked(cache, `#define helper(x) other(x)\n${text}`)).made).toBe(3);
  });

  it("of a function under the keys as it is and as it was, and no further back", async () => {
    const cache = new FactsCache();
    const versions = ["rcu_barrier();", "rcu_barrier(); a();", "rcu_barrier(); b();"].map((body) => text.replace("rcu_barrier();", body));
    await asked(cache, versions[0]!);
    expect((await asked(cache, versions[1]!)).made).toBe(1);
    expect((await asked(cache, versions[0]!)).made).toBe(0);
    expect((await asked(cache, versions[2]!)).made).toBe(1);
    expect((await asked(cache, versions[0]!)).made).toBe(0);
    expect((await asked(cache, versions[1]!)).made).toBe(1);
  });
});
