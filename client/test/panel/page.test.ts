import fc from "fast-check";
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../../../server/src/protocol/index.ts";
import type { PanelState } from "../../webview/messages.ts";
import { dist, type Panel, PanelHost, skipped } from "./harness.ts";
import { confirmed, pathOnly, refuted, refutedWithoutSteps, replayOf, stateOf } from "./sample-runs.ts";

/** Bytes of the script: what a page without a framework and with its own checks may take. */
const scriptBytesMax = 24_000;

describe("the bundles", () => {
  it("stay small", () => {
    const [script, style] = ["replay.js", "replay.css"].map((file) => statSync(join(dist, file)).size);
    console.log(`replay panel: replay.js ${script} bytes, replay.css ${style} bytes`);
    expect(script).toBeLessThan(scriptBytesMax);
    expect(style).toBeLessThan(scriptBytesMax / 2);
  });
});

describe.skipIf(skipped)("the replay panel", () => {
  let host: PanelHost;
  beforeAll(async () => { host = await PanelHost.start(); });
  afterAll(() => host.dispose());

  const open = async (state: PanelState, test: (panel: Panel) => Promise<void>, options: Parameters<PanelHost["open"]>[1] = {}): Promise<void> => {
    const panel = await host.open(state, options);
    await test(panel);
    expect(await panel.trouble()).toEqual([]);
    await panel.close();
  };

  /** The table as it stands on the page. */
  const tableOf = (panel: Panel): Promise<readonly { readonly number: string; readonly cells: readonly string[]; readonly state: string }[]> =>
    panel.page.evaluate(() => [...document.querySelectorAll<HTMLTableRowElement>(".steps tbody tr")].map((row) => ({
      number: row.cells[0]?.textContent ?? "",
      cells: [...row.cells].slice(1).map((cell) => cell.textContent),
      state: [row.className, row.getAttribute("aria-current") ?? ""].join(" ").trim(),
    })));

  const expectedCells = (run: Run, at: number): readonly string[] => {
    const step = run.steps[at]!;
    const name = step.file.split("/").at(-1) ?? "";
    return [...run.roles.map((_, role) => (role === step.role ? `${step.hazard ? "hazard " : ""}${step.text}` : "")), step.line === 0 ? "modelled" : `${name}:${step.line}`];
  };

  it("says in words what was found, why, how to mend it and on what it rests", () => open(stateOf([confirmed], { step: 6 }), async ({ page }) => {
    const lines = (await page.locator("main").innerText()).split(/[\n\t]+/).filter((line) => line.trim() !== "");
    expect(lines).toEqual([
      "examples/riscv-bond.c: rvx_bond_unlink()",
      "confirmed found is freed while rvx_iotlb_inval (line 38) may still hold it",
      "rcu/free-before-grace-period", "model lkmm", "Replayed: what rvx_bond_unlink() takes part in",
      "First", "Back", "Step", "To hazard", "Last", "Copy as text", "Export litmus",
      "Step 6 of 7, hazard: Reader: the walk reads list.next <- freed memory, riscv-bond.c:38",
      "Steps of the replay, one column for each role",
      "#", "Reader", "rvx_iotlb_inval()", "Updater", "rvx_bond_unlink()", "Source",
      "1", "rcu_read_lock()", "riscv-bond.c:37",
      "2", "list_for_each_entry_rcu(bond, &domain->bonds, list): gets the object", "riscv-bond.c:38",
      "3", "bond->dev", "riscv-bond.c:39",
      "4", "list_del_rcu(&bond->list)", "riscv-bond.c:68",
      "5", "kfree(found)", "riscv-bond.c:75",
      "6", "hazard the walk reads list.next  <- freed memory", "riscv-bond.c:38",
      "7", "rcu_read_unlock()", "riscv-bond.c:40",
      "Solid arrow: the value comes from that write. Dashed arrow: read before that write.",
      "Why this is allowed", "Plain interleaving is enough: no weak memory is needed.", ...confirmed.why,
      "Smallest fix", ...confirmed.fix,
      "Verdict", "Verdict", "confirmed, an allowed execution reaches the hazard",
      "Explored", "14 executions, model lkmm", "Weakest need", "interleaving",
      "Counterpart", "rvx_iotlb_inval(), examples/riscv-bond.c:32", "As a litmus test", "Sometimes, 3 positive, 2 negative",
      "The hazard under each model", "Model", "Hazard",
      "interleaving only (sc)", "reachable", "store buffers (tso)", "reachable", "weak, multi-copy atomic (mca)", "reachable", "kernel memory model (lkmm)", "reachable",
      "Assumptions", ...confirmed.evidence.assumptions,
      "Keys",
      "j and k or the arrow keys: step and back. Home, End: first, last. h: to the hazard. n, N: next and previous run. y: copy. Enter: source of the step. Escape: back to the editor.",
    ]);
  }));

  it("lets every control say what it wants", () => open(stateOf([confirmed, refuted]), async ({ page, lastPosted }) => {
    await page.getByRole("button", { name: "rcu/free-before-grace-period" }).click();
    expect(await lastPosted()).toEqual({ kind: "explainRule", rule: "rcu/free-before-grace-period" });
    const toolbar = page.getByRole("toolbar", { name: "Replay" });
    for (const [name, step] of [["Step", 1], ["Last", 7], ["Back", 6], ["First", 0], ["To hazard", 6]] as const) {
      await toolbar.getByRole("button", { name, exact: true }).click();
      expect(await lastPosted(), name).toEqual({ kind: "moved", run: 0, step });
    }
    await page.getByRole("slider").fill("2");
    expect(await lastPosted()).toEqual({ kind: "moved", run: 0, step: 2 });
    await page.locator("button.step").nth(4).click();
    expect(await lastPosted()).toEqual({ kind: "moved", run: 0, step: 5 });
    await page.locator("button.step").nth(4).click();
    expect(await lastPosted()).toEqual({ kind: "open", run: 0, step: 4 });
    await page.getByRole("button", { name: "riscv-bond.c:37" }).click();
    expect(await lastPosted()).toEqual({ kind: "open", run: 0, step: 0 });
    await page.getByRole("button", { name: "Next run" }).click();
    expect(await lastPosted()).toEqual({ kind: "moved", run: 1, step: 0 });
    expect(await page.getByRole("group", { name: "Runs" }).innerText()).toContain("Run 2 of 2");
    await toolbar.getByRole("button", { name: "Copy as text" }).click();
    expect(await lastPosted()).toEqual({ kind: "copy", run: 1 });
    await toolbar.getByRole("button", { name: "Export litmus" }).click();
    expect(await lastPosted()).toEqual({ kind: "exportLitmus", run: 1 });
  }));

  it("marks what is done, where one is, and what is to come", () => open(stateOf([confirmed], { step: 6 }), async (panel) => {
    expect((await tableOf(panel)).map(({ state }) => state)).toEqual(["", "", "", "", "", "hazard step", "future"]);
    await panel.page.getByRole("button", { name: "First", exact: true }).click();
    expect((await tableOf(panel)).map(({ state }) => state)).toEqual(["future", "future", "future", "future", "future", "hazard future", "future"]);
    const style = (at: number): Promise<string> => panel.page.locator("button.step").nth(at).evaluate((step) => getComputedStyle(step).borderTopStyle);
    expect(await style(0)).toBe("dashed");
    await panel.page.keyboard.press("j");
    expect(await style(0)).toBe("solid");
  }));

  it("shows every step once, in order, in its role's column, and visits each", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 30 });
    const runs = fc.integer({ min: 1, max: 5 }).chain((roles) => fc.record({
      roles: fc.array(fc.record({ name: text, function: text }), { minLength: roles, maxLength: roles }),
      steps: fc.array(fc.record({ role: fc.nat(roles - 1), text, file: text, line: fc.nat(99_999), hazard: fc.boolean() }), { minLength: 1, maxLength: 12 }),
      why: fc.array(fc.constantFrom("[1] reads what [3] wrote.", "[2] reads the value from before [4].", "[4] reads what [1] wrote."), { maxLength: 4 }),
    }));
    await open(stateOf([]), async (panel) => {
      await fc.assert(fc.asyncProperty(runs, async ({ roles, steps, why }) => {
        const run: Run = { ...confirmed, roles, why, steps: steps.map((step, at) => ({ ...step, index: at + 1 })) };
        await panel.send({ kind: "show", state: stateOf([run]) });
        const rows = await tableOf(panel);
        expect(rows.map(({ number }) => number)).toEqual(run.steps.map((_, at) => String(at + 1)));
        rows.forEach(({ cells }, at) => expect(cells).toEqual(expectedCells(run, at)));
        const before = (await panel.posted()).length;
        for (const _ of run.steps) await panel.page.keyboard.press("j");
        await panel.page.keyboard.press("j");
        expect((await panel.posted()).slice(before)).toEqual(run.steps.map((_, at) => ({ kind: "moved", run: 0, step: at + 1 })));
        expect(await panel.page.locator("tr[aria-current=step] th").allInnerTexts()).toEqual([String(run.steps.length)]);
      }), { numRuns: 60 });
    });
  });

  it("keeps arrows off the text and out of the pointer's way", async () => {
    for (const width of [500, 1100]) {
      await open(stateOf([refuted], { step: 9 }), async ({ page }) => {
        await page.waitForFunction(() => document.querySelectorAll(".edges .head").length === 4);
        const { hits, pieces } = await page.evaluate(() => {
          const texts = [...document.querySelectorAll<HTMLElement>(".steps button, .steps thead span, .steps .number")].flatMap((element) => {
            const range = document.createRange();
            range.selectNodeContents(element);
            return [...range.getClientRects()];
          });
          const all = [...document.querySelectorAll(".edges span")].map((piece) => piece.getBoundingClientRect());
          const over = all.filter((piece) => texts.some((text) => piece.right > text.left && piece.left < text.right && piece.bottom > text.top && piece.top < text.bottom));
          const inTheWay = all.filter((piece) => document.elementFromPoint(piece.left + piece.width / 2, piece.top + piece.height / 2)?.closest(".edges") != null);
          return { hits: [...over, ...inTheWay].map((rect) => JSON.stringify(rect)), pieces: all.length };
        });
        // Two arrows between neighbours of three pieces, two further on of five, and their heads.
        expect(pieces).toBe(2 * 3 + 2 * 5 + 4);
        expect(hits).toEqual([]);
        expect(await page.locator(".edges").getAttribute("aria-hidden")).toBe("true");
      }, { width, height: 2_000 });
    }
  });

  it("shows a replay without runs as a sentence, without table and controls", () => open(stateOf([]), async ({ page }) => {
    expect(await page.locator("main").innerText()).toBe(`rvx_bond_unlink()\n\n${replayOf().about}`);
    expect(await page.locator("table, button:visible, input:visible").count()).toBe(0);
  }));

  it("shows why a run without steps is refuted, without stepping", () => open(stateOf([refutedWithoutSteps]), async ({ page }) => {
    const words = await page.locator("main").innerText();
    expect(words).toContain("Why it is not reached");
    expect(words).toContain("The grace period of [2] ends after the reader.");
    expect(words).toContain("refuted, every execution of the extracted program was explored, and none reaches the hazard");
    expect(await page.locator(".steps, input:visible").count()).toBe(0);
    expect(await page.getByRole("toolbar").getByRole("button").allInnerTexts()).toEqual(["Copy as text", "Export litmus"]);
  }));

  it("names the limit of a run that was not explored to the end, and a made-up counterpart", () => open(stateOf([
    { ...pathOnly, evidence: { ...pathOnly.evidence, verdict: "undecided", counterpart: { file: "", function: "a reader", line: 0, synthetic: true } } },
  ]), async ({ page }) => {
    const words = await page.locator(".details").innerText();
    expect(words).toContain("Limit met\nloop, 2");
    expect(words).toContain("a reader, made up: no function of the file takes this part");
    expect(await page.locator(".verdict").innerText()).toBe("undecided");
  }));

  describe("keeps its state", () => {
    it("over a reload", () => open(stateOf([confirmed, refuted]), async ({ page, saved, posted }) => {
      for (const key of ["n", "j", "j", "j"]) await page.keyboard.press(key);
      expect(await saved()).toEqual(stateOf([confirmed, refuted], { run: 1, step: 3 }));
      await page.reload();
      expect(await page.locator("h1").innerText()).toBe(refuted.title);
      expect(await page.locator("tr[aria-current=step] th").innerText()).toBe("3");
      expect(await posted()).toEqual([{ kind: "ready" }]);
    }));

    it("but not that of another replay, or what is no state", async () => {
      for (const left of [stateOf([refuted], { step: 5 }), { ...stateOf([confirmed]), step: 99 }, "nonsense"]) {
        await open(stateOf([confirmed], { step: 2 }), async ({ page, saved }) => {
          await page.evaluate((state) => sessionStorage.setItem("state", JSON.stringify(state)), left);
          await page.reload();
          expect(await page.locator("tr[aria-current=step] th").innerText()).toBe("2");
          expect(await saved()).toEqual(stateOf([confirmed], { step: 2 }));
        });
      }
    });
  });

  describe("hears the extension", () => {
    it("and shows what it sends, without telling it again", () => open(stateOf([confirmed]), async (panel) => {
      await panel.send({ kind: "show", state: stateOf([pathOnly, refuted], { run: 1, step: 4 }) });
      expect(await panel.page.locator("h1").innerText()).toBe(refuted.title);
      expect(await panel.page.locator("tr[aria-current=step] th").innerText()).toBe("4");
      expect(await panel.posted()).toEqual([{ kind: "ready" }]);
      expect(await panel.saved()).toEqual(stateOf([pathOnly, refuted], { run: 1, step: 4 }));
    }));

    it("and moves when a command asks for it", () => open(stateOf([confirmed, refuted]), async (panel) => {
      for (const [move, run, step] of [["step", 0, 1], ["hazard", 0, 6], ["last", 0, 7], ["back", 0, 6], ["nextRun", 1, 0], ["previousRun", 0, 0]] as const) {
        await panel.send({ kind: "move", move });
        expect(await panel.lastPosted(), move).toEqual({ kind: "moved", run, step });
      }
    }));

    it("and nobody else: anything without the shape of a message is ignored", () => open(stateOf([confirmed], { step: 2 }), async (panel) => {
      const before = await panel.page.locator("main").innerHTML();
      for (const message of [null, 7, "step", [], {}, { kind: "move" }, { kind: "move", move: "toString" }, { kind: "show" }, { kind: "show", state: { ...stateOf([refuted]), step: 11 } }, { kind: "show", state: { version: 2 } }, { kind: "open", run: 0, step: 1 }, { __proto__: { kind: "move", move: "step" } }]) {
        await panel.sendUnchecked(message);
      }
      expect(await panel.page.locator("main").innerHTML()).toBe(before);
      expect(await panel.posted()).toEqual([{ kind: "ready" }]);
    }));
  });

  describe("scrolls to the step", () => {
    const long: Run = { ...confirmed, steps: Array.from({ length: 80 }, (_, at) => ({ ...confirmed.steps[0]!, index: at + 1, hazard: at === 70 })) };
    const behaviors = async (options: NonNullable<Parameters<PanelHost["open"]>[1]>): Promise<readonly unknown[]> => {
      let seen: readonly unknown[] = [];
      await open(stateOf([long], { step: 1 }), async ({ page }) => {
        await page.evaluate(() => {
          // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
          const original = Element.prototype.scrollIntoView;
          Object.assign(globalThis, { behaviors: [] });
          Element.prototype.scrollIntoView = function scrollIntoView(how) {
            (globalThis as unknown as { behaviors: unknown[] }).behaviors.push((how as ScrollIntoViewOptions).behavior);
            original.call(this, how);
          };
        });
        await page.keyboard.press("h");
        await page.waitForFunction(() => {
          const row = document.querySelector("tr[aria-current=step]")!.getBoundingClientRect();
          return row.top >= document.querySelector(".controls")!.getBoundingClientRect().bottom && row.bottom <= window.innerHeight;
        });
        expect(await page.locator("tr[aria-current=step] th").innerText()).toBe("71");
        await page.keyboard.press("Home");
        await page.waitForFunction(() => document.querySelector("h1")!.getBoundingClientRect().top >= 0);
        await page.keyboard.press("j");
        await page.waitForFunction(() => document.querySelector("tr[aria-current=step]")!.getBoundingClientRect().top >= document.querySelector(".controls")!.getBoundingClientRect().bottom);
        seen = await page.evaluate(() => (globalThis as unknown as { behaviors: unknown[] }).behaviors);
      }, { ...options, height: 500 });
      expect(seen.length).toBe(3);
      return seen;
    };

    it.each([360, 800])("clear of the controls, smoothly, in a panel of %i px", async (width) => expect(new Set(await behaviors({ width }))).toEqual(new Set(["smooth"])));
    it("at once when the system asks for less motion", async () => expect(new Set(await behaviors({ systemReducedMotion: true }))).toEqual(new Set(["instant"])));
    it("at once when VS Code is set to less motion", async () => expect(new Set(await behaviors({ reducedMotion: true }))).toEqual(new Set(["instant"])));
  });
});
