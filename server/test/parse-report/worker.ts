import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { Language, Parser } from "web-tree-sitter";
import { createParser } from "../../src/syntax/parser.ts";
import { tagsOf } from "./ctags.ts";
import type { FileReport } from "./figures.ts";
import { fuzz } from "./fuzz.ts";
import type { FuzzBatch, FuzzReport } from "./fuzz.ts";
import { measureFile } from "./measure.ts";
import { openParity } from "../parser-parity/compare.ts";
import type { ParityBatch, ParityReport } from "../parser-parity/compare.ts";

export type WorkerSetup = { readonly kind: "fuzz" } | { readonly kind: "parity"; readonly kernel: string } | { readonly kind: "measure"; readonly kernel: string; readonly ctags: string | undefined; readonly raw: boolean };

/** `raw` only when it was asked for. */
export type Measurement = { readonly rewritten: FileReport; readonly raw?: FileReport };

/** What the worker of a kind takes, batch by batch, and answers. */
export type Work = {
  readonly measure: { readonly batch: readonly string[]; readonly answer: readonly Measurement[] };
  readonly fuzz: { readonly batch: FuzzBatch; readonly answer: FuzzReport };
  readonly parity: { readonly batch: ParityBatch; readonly answer: ParityReport };
};

const { resolve } = createRequire(import.meta.url);
const wasm = (file: string): Uint8Array => readFileSync(resolve(file));

/** Says "ready", then answers batches. */
export async function runWorker(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("not a worker");
  const setup = workerData as WorkerSetup;
  const work = await workOf(setup);
  port.on("message", (batch: unknown) => port.postMessage(work(batch)));
  port.postMessage("ready");
}

function workOf(setup: WorkerSetup): Promise<(batch: unknown) => unknown> {
  switch (setup.kind) {
    case "fuzz":
      return fuzzing();
    case "parity":
      return openParity(setup.kernel).then((compare) => (batch) => compare(batch as ParityBatch));
    case "measure":
      return measuring(setup);
  }
}

async function fuzzing(): Promise<(batch: unknown) => FuzzReport> {
  const parser = await createParser({ runtimeWasm: wasm("web-tree-sitter/web-tree-sitter.wasm"), grammarWasm: wasm("tree-sitter-c/tree-sitter-c.wasm") });
  return (batch) => fuzz(parser, batch as FuzzBatch);
}

async function measuring({ kernel, ctags, raw }: Extract<WorkerSetup, { kind: "measure" }>): Promise<(batch: unknown) => readonly Measurement[]> {
  await Parser.init({ wasmBinary: wasm("web-tree-sitter/web-tree-sitter.wasm") });
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm("tree-sitter-c/tree-sitter-c.wasm")));
  return (batch) => {
    const paths = batch as readonly string[];
    const tags = ctags === undefined ? undefined : tagsOf(ctags, paths.map((path) => `${kernel}/${path}`));
    return paths.map((path): Measurement => {
      const source = readFileSync(`${kernel}/${path}`, "utf8");
      const file = { path, source, tags: tags?.get(`${kernel}/${path}`) ?? [] };
      const rewritten = measureFile(parser, file, "rewritten");
      return raw ? { rewritten, raw: measureFile(parser, file, "raw") } : { rewritten };
    });
  };
}
