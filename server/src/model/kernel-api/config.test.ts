import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configEffects, rowsFromConfig } from "./config.ts";

describe("a project's own APIs", () => {
  it("become rows", () => {
    expect(rowsFromConfig({ api: [
      { name: "foo_free", effects: ["free"] },
      { names: ["foo_lock", "foo_lock_nested"], effects: [{ effect: "lock", arg: 1, class: "spin" }], may_sleep: true, since: "6.1" },
      { name: "foo_sync", effects: [{ effect: "wait", flavour: "srcu", domain: 0 }] },
      { name: "foo_log", effects: ["harmless"] },
    ] })).toEqual({ ok: true, value: [
      { names: ["foo_free"], effects: [{ kind: "free", object: 0, memory: "slab" }] },
      { names: ["foo_lock", "foo_lock_nested"], effects: [{ kind: "lock", lock: 1, class: "spin" }], maySleep: true, since: "6.1" },
      { names: ["foo_sync"], effects: [{ kind: "wait", flavour: "srcu", domain: 0 }] },
      { names: ["foo_log"], effects: [] },
    ] });
  });

  it("may be none", () => { expect(rowsFromConfig({})).toEqual({ ok: true, value: [] }); });

  it("name what is wrong, all of it, with the line", () => {
    const read = rowsFromConfig({ api: [
      { name: "a b", effects: ["fre"], colour: 1 },
      { name: "foo", effects: [] },
      { name: "foo", effects: ["harmless", { effect: "free", arg: -1, head: 2 }], may_sleep: "yes", until: "soon" },
      3,
    ] }, (index) => 10 * index + 1);
    expect(read.ok ? [] : read.error.map(({ line, key }) => `${String(line)} ${key}`)).toEqual([
      "1 colour", "1 name", "1 effects", "11 effects", "21 name", "21 effects", "21 may_sleep", "21 until", "21 effects.head", "21 effects.arg", "31 api",
    ]);
    expect(rowsFromConfig({ api: 3 }).ok).toBe(false);
  });

  it("has every effect on its page", () => {
    const page = readFileSync(new URL("../../../../docs/quiesce-toml.md", import.meta.url), "utf8");
    expect(configEffects.filter((effect) => !page.includes(`\`${effect}\``))).toEqual([]);
  });
});
