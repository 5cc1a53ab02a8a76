import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { Language, Parser } from "web-tree-sitter";
import { tagsOf } from "./ctags.ts";
import type { FileReport } from "./figures.ts";
import { measureFile } from "./measure.ts";

export type WorkerSetup = { readonly kernel: string; readonly ctags: string | undefined; readonly raw: boolean };

/** `raw` only when it was asked for. */
export type Measurement = { readonly rewritten: FileReport; readonly raw?: FileReport };

const { resolve } = createRequire(import.meta.url);

/** Answers every batch of paths with their measurements. */
export async function runWorker(): Promise<void> {
  const { kernel, ctags, raw } = workerData as WorkerSetup;
  const port = parentPort;
  if (port === null) throw new Error("not a worker");
  await Parser.init({ wasmBinary: readFileSync(resolve("web-tree-sitter/web-tree-sitter.wasm")) });
  const parser = new Parser();
  parser.setLanguage(await Language.load(readFileSync(resolve("tree-sitter-c/tree-sitter-c.wasm"))));
  port.on("message", (paths: readonly string[]) => {
    const tags = ctags === undefined ? undefined : tagsOf(ctags, paths.map((path) => `${kernel}/${path}`));
    const measured = paths.map((path): Measurement => {
      const source = readFileSync(`${kernel}/${path}`, "utf8");
      const file = { path, source, tags: tags?.get(`${kernel}/${path}`) ?? [] };
      const rewritten = measureFile(parser, file, "rewritten");
      return raw ? { rewritten, raw: measureFile(parser, file, "raw") } : { rewritten };
    });
    port.postMessage(measured);
  });
  port.postMessage([]);
}
