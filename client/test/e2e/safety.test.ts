/** Patches come from strangers: names and code that would be markup or script stay what they are, text. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quiesce } from "./driver/command-line.ts";
import { clipboard, emptyClipboard, ReplayPanel } from "./driver/panel.ts";
import { canRun, example, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

const file = `we"ird'na<b>me.c`;

const attack = "x</script><script>globalThis.quiesceAttacked=true</script><img src=q onerror=globalThis.quiesceAttacked=true>";

/** A line of 2,000 characters, and markup wherever C allows any text: comments, and arguments that are shown as steps. */
const hostile = example("riscv-bond.c")
  .replace("\tkfree(found);", `\t/* ${attack} */ kfree(/* ${attack} */ found); /* ${"long ".repeat(400)}*/`)
  .replace("static void rvx_bond_unlink", `/* ${attack}: a function named x</script> */\nstatic void rvx_bond_unlink`)
  .replace("rvx_send_inval(bond->dev,", `rvx_send_inval(bond->dev, "${attack}", "${"w".repeat(1_800)}",`);

describe.skipIf(!canRun("node"))("hostile text", () => {
  let session: Session;
  let panel: ReplayPanel;
  beforeAll(async () => {
    session = await Session.start({ files: { [file]: hostile }, open: file });
    panel = new ReplayPanel(session.page);
  });
  afterAll(() => session.stop());

  test("is shown, stepped through and copied like any other", async () => {
    session.watch();
    const { workbench, page, host } = session;
    expect(Math.max(...hostile.split("\n").map((line) => line.length))).toBeGreaterThan(2_000);
    await workbench.reviewed(hostile.split("\n").findIndex((line) => line.includes("kfree(")) + 1, "Emulate: 1 confirmed");
    await workbench.clickLens("Emulate: 1 confirmed");
    await panel.shown();
    await panel.button("To hazard").click();
    await until("the hazard", () => panel.isAtHazard());
    expect(await panel.title.innerText()).toContain(file);
    await emptyClipboard(page);
    await panel.button("Copy as text").click();
    const copied = await until("the copied text", async () => (await clipboard(page)) || undefined);
    expect(copied).toBe(quiesce(host.workspace, "emulate", `${file}:rvx_bond_unlink`));
    await session.picture("hostile");
  });

  test("is no script and no markup in the panel", async () => {
    session.watch();
    const policy = await panel.policy();
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/(^|; )script-src 'nonce-[\w-]{16,}'(;|$)/);
    expect(policy).not.toContain("unsafe");
    const found = await panel.evaluate(() => ({
      attacked: "quiesceAttacked" in globalThis,
      scripts: [...document.querySelectorAll("script")].map(({ type, src }) => type || src.replace(/^.*\//, "")),
      foreign: document.querySelectorAll("main img, main b, main script, [onerror], [onclick]").length,
    }));
    expect(found.attacked).toBe(false);
    expect(found.foreign).toBe(0);
    // VS Code puts its own script before the two of the page.
    expect(found.scripts.filter((script) => script !== "text/javascript" && script !== "")).toEqual(["application/json", "replay.js"]);
    expect(await session.page.evaluate(() => "quiesceAttacked" in globalThis)).toBe(false);
    expect(session.browser.violations).toEqual([]);
  });

  test("would not run in the panel even if it got in", async () => {
    session.watch();
    const blocked = await panel.evaluate(() => new Promise<readonly string[]>((done) => {
      const directives: string[] = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
        directives.push(effectiveDirective);
        if (directives.length === 3) done(directives.sort());
      });
      const script = document.createElement("script");
      script.textContent = "globalThis.quiesceAttacked = true";
      const picture = document.createElement("img");
      picture.src = "https://example.org/q.png";
      const styled = document.createElement("style");
      styled.textContent = "body { display: none }";
      document.body.append(script, picture, styled);
    }));
    expect(blocked).toEqual(["img-src", "script-src-elem", "style-src-elem"]);
    expect(await panel.evaluate(() => "quiesceAttacked" in globalThis)).toBe(false);
  });
});
