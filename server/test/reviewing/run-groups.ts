/**
 * Jobs in threads, each with a time limit: a job that hangs or breaks its thread costs itself, not the run. Jobs of one group
 * (those on one file) follow each other in one thread, which can keep what they share.
 */

import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { parentPort, Worker, workerData } from "node:worker_threads";

export type Outcome<Answer> = { readonly kind: "answer"; readonly answer: Answer; readonly ms: number } | { readonly kind: "failed"; readonly reason: string };

export type GroupRun<Job, Answer> = {
  /** Which handler of `serve` takes the jobs. */
  readonly task: string;
  readonly groups: readonly (readonly Job[])[];
  readonly threads: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal;
  readonly onOutcome: (job: Job, outcome: Outcome<Answer>) => void;
};

type Reply = "ready" | { readonly answer: unknown; readonly ms: number } | { readonly error: string };

/** As in the command line's pool: threads that each compile for themselves should not inline as one long run does. */
const inlinedBytesMax = 200;

/** Answers come in the order of completion; an abort ends running jobs and starts no further one. */
export async function runGroups<Job, Answer>(run: GroupRun<Job, Answer>): Promise<void> {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${String(inlinedBytesMax)}`);
  const pending = run.groups.values();
  const loop = async (): Promise<void> => {
    let thread: Thread | undefined;
    for (const group of pending) {
      for (const job of group) {
        if (run.signal?.aborted === true) break;
        thread ??= await startThread(run.task);
        const outcome = await thread.ask<Answer>(job, run.limitMs, run.signal);
        if (outcome === undefined) break;
        run.onOutcome(job, outcome);
        if (outcome.kind === "failed") {
          await thread.end();
          thread = undefined;
        }
      }
    }
    await thread?.end();
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(run.threads, run.groups.length)) }, loop));
}

type Thread = { readonly ask: <Answer>(job: unknown, limitMs: number, signal?: AbortSignal) => Promise<Outcome<Answer> | undefined>; readonly end: () => Promise<unknown> };

function startThread(task: string): Promise<Thread> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { task } });
  let settle: (reply: Reply | undefined) => void = () => undefined;
  worker.on("message", (reply: Reply) => settle(reply));
  worker.on("error", (error) => settle({ error: error instanceof Error ? error.message : String(error) }));
  const next = (): Promise<Reply | undefined> => new Promise((resolve) => { settle = resolve; });
  const ask: Thread["ask"] = async (job, limitMs, signal) => {
    const reply = next();
    const timer = setTimeout(() => settle({ error: `no answer after ${String(limitMs)} ms` }), limitMs);
    const stop = (): void => settle(undefined);
    signal?.addEventListener("abort", stop, { once: true });
    worker.postMessage(job);
    const got = await reply;
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    if (got === undefined || got === "ready") return undefined;
    return "error" in got ? { kind: "failed", reason: got.error } : { kind: "answer", answer: got.answer as never, ms: got.ms };
  };
  return next().then((reply) => {
    if (typeof reply === "object") throw new Error("error" in reply ? reply.error : "the thread did not start");
    return { ask, end: () => worker.terminate() };
  });
}

type Handlers = Readonly<Record<string, (job: never) => Promise<unknown>>>;

/** The other side: says "ready", then answers jobs, one at a time. */
export function serve(handlers: Handlers): void {
  const handler = handlers[(workerData as { task: string }).task];
  if (handler === undefined || parentPort === null) throw new Error("not a thread of this tool");
  const port = parentPort;
  port.on("message", (job: unknown) => {
    const started = performance.now();
    handler(job as never).then(
      (answer) => port.postMessage({ answer, ms: performance.now() - started }),
      (error: unknown) => port.postMessage({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  port.postMessage("ready");
}

/** A line on stderr: rewritten in place on a terminal, else one every few seconds. */
export function progressOf(all: number, what: string): (done: number) => void {
  let lastMs = performance.now();
  return (done) => {
    if (process.stderr.isTTY) process.stderr.write(done < all ? `\r${String(done)}/${String(all)} ${what}` : "\r\u001b[K");
    else if (performance.now() - lastMs > 10_000 || done === all) {
      lastMs = performance.now();
      process.stderr.write(`${String(done)}/${String(all)} ${what}\n`);
    }
  };
}
