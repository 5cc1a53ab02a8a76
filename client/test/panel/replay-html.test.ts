import fc from "fast-check";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { replayHtml } from "../../src/replay-html.ts";
import type { PanelState } from "../../webview/messages.ts";
import { themes } from "./host-page.ts";
import { confirmed, stateOf } from "./sample-runs.ts";

function pageOf(state: PanelState): string {
  return replayHtml({ nonce: "abc123", cspSource: "'self' https://*.vscode-cdn.net", scriptUri: "https://x/replay.js?a&b", styleUri: "https://x/re\"play.css", state });
}

const stateBlock = /<script type="application\/json" id="state" nonce="abc123">(.*)<\/script>\n/;

describe("the page of the replay panel", () => {
  const page = pageOf(stateOf([confirmed]));

  it("allows one style sheet and scripts with its nonce, and nothing else", () => {
    expect(/content="(default-src[^"]*)"/.exec(page)?.[1]).toBe(
      "default-src 'none'; style-src 'self' https://*.vscode-cdn.net; script-src 'nonce-abc123'; base-uri 'none'; form-action 'none'");
    expect(page).not.toMatch(/unsafe-|<style|style=| on[a-z]+=/);
  });

  it("writes addresses so that they stay inside their attribute", () => {
    expect(page).toContain('src="https://x/replay.js?a&#38;b"');
    expect(page).toContain('href="https://x/re&#34;play.css"');
  });

  it("carries any state as data that cannot leave its block", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("<", ">", "&", "/", "!", "-", "\u2028", "\u2029", "script", "\\", '"', "'", "`", "x", "\n", "😀") }), (text) => {
      const state = stateOf([{ ...confirmed, title: text, steps: confirmed.steps.map((step) => ({ ...step, text, file: text })) }]);
      const block = stateBlock.exec(pageOf(state))?.[1] ?? "";
      expect(block).not.toMatch(/[<>&\u2028\u2029\n]/);
      expect(JSON.parse(block)).toEqual(state);
    }));
  });
});

describe("the style sheet", () => {
  const css = readFileSync(resolve(import.meta.dirname, "../../webview/replay.css"), "utf8").replace(/\/\*.*?\*\//gs, "");

  it("takes its colours from the theme alone", () => {
    expect(css).not.toMatch(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|opacity|url\(/i);
  });

  it("uses only variables that the test's themes know", () => {
    const used = [...new Set([...css.matchAll(/--vscode-[\w-]+/g)].map(([name]) => name))];
    expect(used.length).toBeGreaterThan(20);
    expect(themes.map((theme) => theme.name)).toEqual(["Dark Modern", "Light Modern", "Dark High Contrast", "Light High Contrast"]);
    for (const theme of themes) expect(used.filter((name) => !(name in theme.variables)), theme.name).toEqual([]);
  });
});
