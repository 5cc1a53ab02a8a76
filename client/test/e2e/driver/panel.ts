/** The replay panel, which is a page inside a page inside the window. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Frame, FrameLocator, Locator, Page } from "playwright-core";
import { until } from "./until.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core says of one rule that is broken. */
export type Violation = { readonly id: string; readonly help: string; readonly places: readonly string[] };

export class ReplayPanel {
  readonly page: Page;
  readonly frame: FrameLocator;
  readonly title: Locator;
  /** What is read out after each step. */
  readonly announcement: Locator;
  readonly verdict: Locator;
  readonly steps: Locator;
  /** The row of the step that is shown. */
  readonly current: Locator;

  constructor(page: Page) {
    this.page = page;
    this.frame = page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    this.title = this.frame.getByRole("heading", { level: 1 });
    this.announcement = this.frame.locator("p.live");
    this.verdict = this.frame.locator(".verdict");
    this.steps = this.frame.locator(".steps tbody tr");
    this.current = this.frame.locator("tr[aria-current=step]");
  }

  async shown(): Promise<void> {
    await this.title.waitFor();
    await this.steps.first().waitFor();
  }

  button(name: string): Locator {
    return this.frame.getByRole("button", { name, exact: true });
  }

  async isAtHazard(): Promise<boolean> {
    return (await this.current.count()) === 1 && (await this.current.locator(".mark").count()) === 1;
  }

  async hasFocus(): Promise<boolean> {
    const frame = await this.#contentFrame();
    return frame.evaluate(() => document.hasFocus());
  }

  /** The content security policy that the page was loaded with. */
  async policy(): Promise<string> {
    return (await this.frame.locator("meta[http-equiv='Content-Security-Policy']").getAttribute("content")) ?? "";
  }

  /** Runs in the page without being a script of it: no policy is in the way. */
  async evaluate<T>(ask: () => T): Promise<T> {
    return (await this.#contentFrame()).evaluate(ask);
  }

  /** WCAG 2.1 levels A and AA. */
  async violations(): Promise<readonly Violation[]> {
    const frame = await this.#contentFrame();
    await frame.evaluate(axeSource);
    return frame.evaluate(async () => {
      type AxeResult = { readonly id: string; readonly help: string; readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[] };
      type Axe = { readonly run: (root: Document, options: object) => Promise<{ readonly violations: readonly AxeResult[] }> };
      const { axe } = globalThis as unknown as { readonly axe: Axe };
      const { violations } = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
      return violations.map(({ id, help, nodes }) => ({ id, help, places: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ""}`) }));
    });
  }

  async #contentFrame(): Promise<Frame> {
    return until("the page of the panel", async () => (await (await this.frame.owner().elementHandle()).contentFrame()) ?? undefined);
  }
}

export async function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

export async function emptyClipboard(page: Page): Promise<void> {
  await page.evaluate(() => navigator.clipboard.writeText(""));
}
