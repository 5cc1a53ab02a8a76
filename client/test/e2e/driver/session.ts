/** A reviewer at work: one host, one browser, one window; and what is kept when a test fails. */

import { mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFailed } from "vitest";
import { findChromium, findHost } from "../../../../server/tasks/requirements.mjs";
import { TestBrowser } from "./browser.ts";
import { Host, type HostOptions, nodeHost } from "./host.ts";
import { projectRoot } from "./packaged.ts";
import { until } from "./until.ts";
import { Workbench } from "./workbench.ts";

export type SessionOptions = HostOptions & {
  readonly host?: "node" | "web";
  /** The file that is open at the start. */
  readonly open?: string;
};

/** Where pictures go that nobody asked to keep; each run writes over those of the last. */
const asideFolder = join(tmpdir(), "quiesce-e2e-pictures");

/** Owns host and browser. */
export class Session {
  readonly host: Host;
  readonly browser: TestBrowser;
  readonly workbench: Workbench;
  readonly #startedMs = Date.now();
  #keep = false;

  private constructor(host: Host, browser: TestBrowser) {
    this.host = host;
    this.browser = browser;
    this.workbench = new Workbench(browser.page);
  }

  static async start(options: SessionOptions): Promise<Session> {
    const startedMs = Date.now();
    const host = options.host === "web" ? await Host.startWeb(options) : await Host.startNode(options);
    let browser: TestBrowser | undefined;
    try {
      browser = await TestBrowser.open();
      const session = new Session(host, browser);
      session.mark(`host up and browser open after ${Date.now() - startedMs} ms`);
      await session.openWindow(options.open);
      session.mark("workbench");
      return session;
    } catch (error) {
      console.error(`the window did not open; log of the host: ${host.process.log}`);
      await browser?.close();
      await host.stop({ keep: true });
      throw error;
    }
  }

  get page(): TestBrowser["page"] {
    return this.browser.page;
  }

  /** The window anew, as after a restart: settings are read again, and what VS Code stored comes back, in which `stored` must be. */
  async restart(stored: RegExp): Promise<void> {
    await until(`VS Code to store ${String(stored)}`, async () => (await this.workbench.stored()).some((text) => stored.test(text)));
    await this.openWindow();
  }

  /** A new window; with a file to open VS Code brings back no other. */
  async openWindow(file?: string): Promise<void> {
    await this.page.goto(this.host.url(file));
    await this.workbench.ready();
  }

  /** Says when something was reached. */
  mark(what: string): void {
    console.log(`${((Date.now() - this.#startedMs) / 1000).toFixed(2).padStart(7)} s  ${what}`);
  }

  /** Called first in a test: a failure keeps a picture, the window's errors and the host's log, and says where they are. */
  watch(): void {
    onTestFailed(async ({ task }) => {
      this.#keep = true;
      const shot = await this.picture(task.name.replace(/\W+/g, "-"));
      console.error([`failed: ${task.name}`, `picture: ${shot}`, `log of the host: ${this.host.process.log}`, `folders of the host: ${this.host.folder}`, ...this.browser.violations, ...this.browser.errors.slice(-10)].join("\n"));
    });
  }

  /** A picture of the window that is not part of the project. */
  async picture(name: string): Promise<string> {
    mkdirSync(asideFolder, { recursive: true });
    const path = join(asideFolder, `${name}.png`);
    await this.page.screenshot({ path }).catch((error: unknown) => console.error(String(error)));
    return path;
  }

  /** A picture for the documents: into docs/images when `npm run e2e -- --screenshots` asks, else aside. Its path is printed. */
  async screenshot(name: string): Promise<void> {
    const folder = process.env.QUIESCE_SCREENSHOTS === "docs" ? join(projectRoot, "docs/images") : asideFolder;
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.png`);
    await this.page.screenshot({ path });
    console.log(`picture: ${path}`);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.host.stop({ keep: this.#keep });
  }
}

/** Without a browser and the host the tests are skipped; `npm test` says why, and fails for it on CI. */
export function canRun(host: "node" | "web"): boolean {
  return findChromium() !== undefined && findHost(host === "web" ? "web" : nodeHost) !== undefined;
}

export function example(file: string): string {
  return readFileSync(join(projectRoot, "examples", file), "utf8");
}

/** A driver written for these tests. */
export function fixture(file: string): string {
  return readFileSync(join(import.meta.dirname, "../fixtures", file), "utf8");
}
