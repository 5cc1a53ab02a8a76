/** How long a letter takes from the key to the screen, as the window itself sees it. */

import type { Page } from "playwright-core";

/** A fast typist's. */
const pauseMs = 100;

type Watched = { readonly quiesceKeyTimes: readonly number[] };

/** Milliseconds for each letter until a frame shows it. The cursor stands at the end of the line that is typed. */
export async function typingTimes(page: Page, text: string): Promise<readonly number[]> {
  await page.evaluate((whole) => {
    const times: number[] = [];
    Object.assign(globalThis, { quiesceKeyTimes: times });
    let count = 0;
    addEventListener("keydown", (event) => {
      if (event.key.length !== 1) return;
      const pressedMs = performance.now();
      count += 1;
      const expected = whole.slice(0, count);
      const look = (): void => {
        const isShown = [...document.querySelectorAll(".editor-instance .view-line")].some((line) => line.textContent.includes(expected));
        if (isShown) times.push(performance.now() - pressedMs);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, true);
  }, text);
  await page.keyboard.type(text, { delay: pauseMs });
  await page.waitForFunction((count) => (globalThis as unknown as Watched).quiesceKeyTimes.length === count, text.length);
  return page.evaluate(() => (globalThis as unknown as Watched).quiesceKeyTimes);
}
