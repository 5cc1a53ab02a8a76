/** A machine under load must not fail a test; nothing waits this long unless something is wrong. */
export const patienceMs = 60_000;

const pauseMs = 50;

/** Asks again and again until the answer is neither false nor undefined, and gives it. What it waited for is in the error. */
export async function until<T>(what: string, ask: () => T | Promise<T>, options: { readonly patienceMs?: number } = {}): Promise<Exclude<T, false | undefined>> {
  const limitMs = options.patienceMs ?? patienceMs;
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
    await new Promise((done) => setTimeout(done, pauseMs));
  }
}
