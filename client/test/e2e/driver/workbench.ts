/** The window of VS Code as a person sees it: text, squiggles, lenses, menus and notices. */

import type { Locator, Page } from "playwright-core";
import { until } from "./until.ts";

/** What the editor's text has where people typed spaces. */
const noBreakSpace = /\u00a0/g;

const menuRows = ".action-widget .monaco-list-row.action";

/** A key that was pressed before the window listened is pressed again after this time. */
const keyPatienceMs = 5_000;

export class Workbench {
  readonly page: Page;
  /** The editor that has the focus or had it last; the panel beside it is no editor. */
  readonly editor: Locator;
  readonly squiggles: Locator;
  readonly lenses: Locator;
  readonly notices: Locator;
  readonly quickInput: Locator;

  constructor(page: Page) {
    this.page = page;
    this.editor = page.locator(".editor-instance .monaco-editor").first();
    this.squiggles = this.editor.locator(".squiggly-error, .squiggly-warning");
    this.lenses = this.editor.locator(".codelens-decoration a, .codelens-decoration span");
    this.notices = page.locator(".notification-toast");
    this.quickInput = page.locator(".quick-input-widget .quick-input-box input");
  }

  async ready(): Promise<void> {
    await this.page.locator(".monaco-workbench .part.editor").waitFor();
  }

  /** A line of the editor that is on the screen and holds this text. */
  line(text: string): Locator {
    return this.editor.locator(".view-line", { hasText: text }).first();
  }

  /** The line is on the screen and has a background of its own, which only extensions give. */
  async isMarked(text: string): Promise<boolean> {
    const line = await this.line(text).boundingBox({ timeout: keyPatienceMs }).catch(() => null);
    const marks = await this.editor.locator(".view-overlays .cdr[class*='ced-']").evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().top));
    return line !== null && marks.some((top) => Math.abs(top - line.y) < 2);
  }

  /** Clicks a lens until its replay opens: a lens that VS Code draws anew between press and release of the button hears nothing. */
  async clickLens(text: string): Promise<void> {
    const replay = this.page.locator(".tab", { hasText: "Replay:" }).first();
    await until("the tab of the replay", async () => {
      await this.lenses.filter({ hasText: text }).first().click({ timeout: keyPatienceMs }).catch(() => undefined);
      return replay.waitFor({ timeout: keyPatienceMs }).then(() => true, () => false);
    });
  }

  async visibleText(): Promise<string> {
    const lines = await this.editor.locator(".view-line").evaluateAll((elements) =>
      elements.map((element) => ({ top: element.getBoundingClientRect().top, text: element.textContent })).sort((a, b) => a.top - b.top).map(({ text }) => text));
    return lines.join("\n").replace(noBreakSpace, " ");
  }

  async lensTexts(): Promise<readonly string[]> {
    return (await this.lenses.allInnerTexts()).map((text) => text.replace(noBreakSpace, " "));
  }

  /** Notices that are on the screen now. */
  async noticeTexts(): Promise<readonly string[]> {
    return this.#messages(this.notices);
  }

  /** Errors that are on the screen now. */
  async errors(): Promise<readonly string[]> {
    return this.#messages(this.notices.filter({ has: this.page.locator(".codicon-error") }));
  }

  /** Every notice that nobody closed, those that left the screen by themselves included. */
  async allNotices(): Promise<readonly string[]> {
    await this.command("Notifications: Show Notifications");
    const center = this.page.locator(".notifications-center.visible");
    await center.waitFor();
    const messages = await this.#messages(center);
    await this.page.keyboard.press("Escape");
    await center.waitFor({ state: "hidden" });
    return messages;
  }

  async #messages(within: Locator): Promise<readonly string[]> {
    const texts = await within.locator(".notification-list-item-message").allTextContents();
    return texts.map((text) => text.replace(noBreakSpace, " ").trim());
  }

  /** Opens the palette and runs the command of exactly this title. */
  async command(title: string): Promise<void> {
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    await until(`the command ${title} in the palette`, async () => {
      if (!(await this.quickInput.isVisible())) await this.#type("F1", title);
      // The first part of the label is the name; key bindings and "recently used" follow it.
      const names = await rows.evaluateAll((elements) => elements.map((element) => element.querySelector(".label-name")?.textContent ?? ""));
      const index = names.indexOf(title);
      return index >= 0 && rows.nth(index).click({ timeout: keyPatienceMs }).then(() => true, () => false);
    });
  }

  /** The same with the keyboard alone: what is typed in full is what Enter takes. */
  async commandByKeys(title: string): Promise<void> {
    const focused = this.page.locator(".quick-input-list .monaco-list-row.focused .label-name");
    await until(`the command ${title} chosen in the palette`, async () => {
      if (!(await this.quickInput.isVisible())) await this.#type("F1", title);
      return (await focused.count()) === 1 && (await focused.textContent()) === title;
    });
    await this.page.keyboard.press("Enter");
  }

  /** By its whole path: without the native search tool the host cannot find a file by a part of its name. */
  async openFile(path: string): Promise<void> {
    // Into the first column, also when the panel beside it has the focus.
    await this.page.keyboard.press("Control+1");
    await this.#type("Control+o", path, "");
    const tab = this.page.locator(".tab.active", { hasText: path.replace(/^.*\//, "") }).first();
    await until(`${path} to be open`, async () => {
      // The dialog writes the folder into its input when it has read it, over what was typed before.
      if (await this.quickInput.isVisible()) {
        await this.quickInput.fill(path, { timeout: keyPatienceMs }).catch(() => undefined);
        await this.page.keyboard.press("Enter");
      }
      const isClosed = await this.quickInput.waitFor({ state: "hidden", timeout: keyPatienceMs }).then(() => true, () => false);
      return isClosed && tab.waitFor({ timeout: keyPatienceMs }).then(() => true, () => false);
    });
  }

  async goToLine(line: number, column = 1): Promise<void> {
    await this.#type("Control+g", `${line}:${column}`, ":");
    await this.#enter();
  }

  /** What the status item of the language says when it is looked at. */
  async languageStatus(): Promise<string> {
    const details = this.page.locator(".hover-language-status .element");
    await until("the details of the status item", async () => {
      await this.page.locator("[id='status.languageStatus']").hover();
      return details.first().waitFor({ timeout: keyPatienceMs }).then(() => true, () => false);
    });
    const texts = await details.allInnerTexts();
    await this.page.mouse.move(0, 0);
    await details.first().waitFor({ state: "detached" });
    return texts.join("\n").replace(noBreakSpace, " ");
  }

  /** The same menu by the mouse, from the bulb beside the line that the cursor is on. */
  async quickFixesOfBulb(): Promise<readonly string[]> {
    const bulb = this.page.locator(".lightBulbWidget, [class*='codicon-gutter-lightbulb']").filter({ visible: true }).first();
    await bulb.click();
    return this.#menu();
  }

  /** The menu of quick fixes at the cursor, from the top. */
  async quickFixes(): Promise<readonly string[]> {
    const rows = this.page.locator(menuRows);
    await until("the menu of quick fixes", async () => {
      await this.page.keyboard.press("Control+.");
      return rows.first().waitFor({ timeout: keyPatienceMs }).then(() => true, () => false);
    });
    return this.#menu();
  }

  /** Chooses in the open menu, with the mouse. */
  async chooseFix(title: string): Promise<void> {
    const row = this.page.locator(menuRows, { hasText: title }).first();
    // A menu that opened under the mouse takes no click before the mouse has moved.
    await row.hover({ force: true, position: { x: 20, y: 8 } });
    await row.hover({ force: true, position: { x: 30, y: 10 } });
    await row.click();
    await this.page.locator(menuRows).first().waitFor({ state: "detached" });
  }

  async #menu(): Promise<readonly string[]> {
    const rows = this.page.locator(menuRows);
    await rows.first().waitFor();
    return (await rows.allInnerTexts()).map((text) => text.replace(noBreakSpace, " ").trim());
  }

  /** Goes to a line with a hazard and waits until it has its squiggle and its verdict, which a lens above it says. */
  async reviewed(line: number, lens: string): Promise<void> {
    await this.focusEditor();
    await this.goToLine(line, 2);
    await this.squiggles.first().waitFor();
    await this.lens(lens);
  }

  /** Waits until a lens on the screen says this. */
  async lens(text: string): Promise<void> {
    await until(`the lens "${text}"`, async () => (await this.lensTexts()).includes(text));
  }

  /** What the window keeps for its next start; VS Code writes it every few seconds. */
  async stored(): Promise<readonly string[]> {
    return this.page.evaluate(async () => {
      const answer = <T>(request: IDBRequest<T>): Promise<T> => new Promise((done, fail) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => fail(request.error ?? new Error("no reason given"));
      });
      const texts: string[] = [];
      for (const { name } of await indexedDB.databases()) {
        const database = await answer(indexedDB.open(name ?? ""));
        for (const store of database.objectStoreNames) texts.push(...(await answer(database.transaction(store).objectStore(store).getAll())).map(String));
        database.close();
      }
      return texts;
    });
  }

  async chooseTheme(label: string): Promise<void> {
    await this.command("Preferences: Color Theme");
    await this.quickInput.fill(label);
    const focused = this.page.locator(".quick-input-list .monaco-list-row.focused .label-name");
    await until(`the theme ${label} chosen`, async () => (await focused.count()) === 1 && (await focused.textContent()) === label);
    await this.#enter();
  }

  /** Puts the focus into the text. */
  async focusEditor(): Promise<void> {
    await this.page.keyboard.press("Control+1");
    await until("the focus in the editor", () => this.hasFocus());
  }

  /** The focus is in the text. */
  async hasFocus(): Promise<boolean> {
    return this.editor.evaluate((element) => element.contains(document.activeElement));
  }

  /** Takes what was typed. An Enter that comes before VS Code has read the input does nothing, and is pressed again. */
  async #enter(): Promise<void> {
    await until("the input to close", async () => {
      if (await this.quickInput.isVisible()) await this.page.keyboard.press("Enter");
      return this.quickInput.waitFor({ state: "hidden", timeout: keyPatienceMs }).then(() => true, () => false);
    });
  }

  async #type(key: string, text: string, prefix = key === "F1" ? ">" : ""): Promise<void> {
    // An editor that comes up late takes the focus, and VS Code closes the input.
    await until(`the input of ${key}`, async () => {
      if (!(await this.quickInput.isVisible())) await this.page.keyboard.press(key);
      return this.quickInput.fill(`${prefix}${text}`, { timeout: keyPatienceMs }).then(() => true, () => false);
    });
  }
}
