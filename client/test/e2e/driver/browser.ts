/** Chromium as a reviewer's browser, with an eye on every host that a page asks for. */

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "../../../../server/tasks/requirements.mjs";
import { patienceMs } from "./until.ts";

/** What keeps the browser from talking for itself, and lets it run as root without a graphics card. */
const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--disable-dev-shm-usage",
];

/** VS Code says which of its native modules were not compiled, with a page of stack each. */
const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

/** Owns a browser with one window. */
export class TestBrowser {
  /** Hosts that were asked for anything, with the first address of each. */
  readonly hosts = new Map<string, string>();
  /** What the browser said about content security policies, and errors that no page caught. */
  readonly violations: string[] = [];
  readonly errors: string[] = [];
  readonly page: Page;
  readonly #browser: Browser;
  #mousePresses = 0;

  private constructor(browser: Browser, context: BrowserContext, page: Page) {
    this.#browser = browser;
    this.page = page;
    context.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^(https?|wss?):$/.test(protocol) && !this.hosts.has(hostname)) this.hosts.set(hostname, request.url());
    });
    page.on("websocket", (socket) => {
      const { hostname } = new URL(socket.url());
      if (!this.hosts.has(hostname)) this.hosts.set(hostname, socket.url());
    });
    page.on("console", (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.violations.push(message.text());
      else if (message.type() === "error") this.errors.push(firstLine(message.text()));
    });
    page.on("pageerror", (error) => this.errors.push(firstLine(String(error))));
  }

  static async open(): Promise<TestBrowser> {
    const executablePath = findChromium();
    if (!executablePath) throw new Error("there is no chromium: apt-get install chromium");
    const browser = await chromium.launch({ executablePath, headless: true, args: flags });
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
    context.setDefaultTimeout(patienceMs);
    const opened = new TestBrowser(browser, context, await context.newPage());
    await context.exposeFunction("quiesceMousePressed", () => (opened.#mousePresses += 1));
    await context.addInitScript(() => {
      const { quiesceMousePressed } = globalThis as unknown as { readonly quiesceMousePressed: () => void };
      addEventListener("mousedown", quiesceMousePressed, true);
    });
    return opened;
  }

  /** How often a button of the mouse went down, in the window and the pages inside it. */
  mousePresses(): number {
    return this.#mousePresses;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
