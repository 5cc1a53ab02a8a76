/** Opens the built panel page in Chromium, under the policy that it gets in VS Code. */

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "../../../server/tasks/requirements.mjs";
import { replayHtml } from "../../src/replay-html.ts";
import type { FromPanel, PanelState, ToPanel } from "../../webview/messages.ts";
import { inHost, type Theme, themes } from "./host-page.ts";

declare global {
  var posted: FromPanel[];
  var violations: string[];
}

export const dist = resolve(import.meta.dirname, "../../../dist");
export const chromiumPath = findChromium();

/** True, and said once, where no browser can be had; with CI=true that is a failure of the first test that opens one. */
export const skipped = chromiumPath === undefined && process.env.CI !== "true";
if (skipped) console.log("The panel's page is not tested: there is no chromium (apt-get install chromium, or name one in QUIESCE_CHROMIUM)");

export type PanelOptions = {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** `workbench.reduceMotion` is on. */
  readonly reducedMotion?: boolean;
  /** The system asks for less motion. */
  readonly systemReducedMotion?: boolean;
};

export type Panel = {
  readonly page: Page;
  /** What the page sent since it was loaded. */
  readonly posted: () => Promise<readonly FromPanel[]>;
  /** The last message but those of the kinds that the test is not about. */
  readonly lastPosted: () => Promise<FromPanel | undefined>;
  /** What the page keeps for a reload. */
  readonly saved: () => Promise<PanelState>;
  readonly send: (message: ToPanel) => Promise<void>;
  /** For what the extension would never send. */
  readonly sendUnchecked: (message: unknown) => Promise<void>;
  /** What went wrong: violations of the policy, errors, dialogs, requests to elsewhere. */
  readonly trouble: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
};

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const nonce = "fixture0nonce";

/** One browser and one server for a test file. */
export class PanelHost {
  readonly #browser: Browser;
  readonly #server: Server;
  readonly #pages = new Map<string, string>();
  #opened = 0;

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
    server.on("request", (request, response) => {
      const path = request.url ?? "";
      const page = this.#pages.get(path);
      if (page !== undefined) return response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
      if (path === "/replay.js") return response.setHeader("Content-Type", "text/javascript").end(readFileSync(join(dist, "replay.js")));
      if (path === "/replay.css") return response.setHeader("Content-Type", "text/css").end(readFileSync(join(dist, "replay.css")));
      return response.writeHead(404).end();
    });
  }

  static async start(): Promise<PanelHost> {
    if (chromiumPath === undefined) throw new Error("there is no chromium: apt-get install chromium, or name one in QUIESCE_CHROMIUM");
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new PanelHost(await chromium.launch({ executablePath: chromiumPath, headless: true, args }), server);
  }

  async open(state: PanelState, options: PanelOptions = {}): Promise<Panel> {
    const origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const path = `/panel-${++this.#opened}`;
    const html = replayHtml({ nonce, cspSource: origin, scriptUri: `${origin}/replay.js`, styleUri: `${origin}/replay.css`, state });
    this.#pages.set(path, inHost(html, options.theme ?? themes[0]!, options.reducedMotion ?? false));
    const context = await this.#browser.newContext({
      viewport: { width: options.width ?? 800, height: options.height ?? 900 },
      reducedMotion: options.systemReducedMotion === true ? "reduce" : "no-preference",
    });
    const page = await context.newPage();
    const trouble: string[] = [];
    page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => { trouble.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
    page.on("request", (request) => { if (!request.url().startsWith(`${origin}/`)) trouble.push(`request: ${request.url()}`); });
    await page.goto(`${origin}${path}`);
    return panelOf(page, context, trouble);
  }

  async dispose(): Promise<void> {
    await this.#browser.close();
    await new Promise((closed) => this.#server.close(closed));
  }
}

function panelOf(page: Page, context: BrowserContext, trouble: readonly string[]): Panel {
  const posted = (): Promise<readonly FromPanel[]> => page.evaluate(() => globalThis.posted);
  const sendUnchecked = (message: unknown): Promise<void> =>
    page.evaluate((data) => new Promise<void>((handled) => {
      window.addEventListener("message", () => setTimeout(handled), { once: true });
      window.postMessage(data, "*");
    }), message);
  return {
    page,
    posted,
    lastPosted: async () => (await posted()).at(-1),
    saved: () => page.evaluate(() => JSON.parse(sessionStorage.getItem("state") ?? "null") as PanelState),
    send: sendUnchecked,
    sendUnchecked,
    trouble: async () => [...trouble, ...(await page.evaluate(() => globalThis.violations))],
    close: () => context.close(),
  };
}
