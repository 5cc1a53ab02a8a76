/** The host in Node: files from the disk, judging threads from node:worker_threads, WebAssembly from beside the bundle. */

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { URI } from "vscode-uri";
import { createParser, type CParser, sourceLengthMax } from "../syntax/parser.ts";
import type { KernelTree, LspHost } from "./host.ts";
import type { JudgeAnswer } from "./judge-messages.ts";
import type { JudgeThread } from "./judge-pool.ts";

/** The editor keeps one core; more than this many documents are seldom judged at once. */
const judgeThreadsMax = 4;

export function nodeHost(): LspHost {
  const treeByFolder = new Map<string, KernelTree | undefined>();
  return {
    version: process.env.QUIESCE_VERSION ?? "0.0.0-source",
    workingDirectory: URI.file(process.cwd()).toString(),
    openParser,
    readText: readerOfTexts(),
    kernelTreeAbove(uri) {
      const path = pathOf(uri);
      if (path === undefined) return undefined;
      const folder = dirname(path);
      if (!treeByFolder.has(folder)) treeByFolder.set(folder, nearestTree(folder));
      return treeByFolder.get(folder);
    },
    kernelTreeAt: (path) => (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? treeAt(path) : undefined),
    rulePage(rule) {
      const page = new URL(`../docs/rules/${rule}.md`, import.meta.url);
      return existsSync(page) ? page.href : undefined;
    },
    startJudgeThread,
    judgeThreads: Math.max(1, Math.min(judgeThreadsMax, availableParallelism() - 1)),
  };
}

async function openParser(): Promise<CParser> {
  const beside = (name: string): Promise<Uint8Array> => readFile(new URL(`./${name}`, import.meta.url));
  const [runtimeWasm, grammarWasm] = await Promise.all([beside("web-tree-sitter.wasm"), beside("tree-sitter-c.wasm")]);
  return createParser({ runtimeWasm, grammarWasm });
}

function startJudgeThread(): JudgeThread {
  const worker = new Worker(fileURLToPath(new URL("./judge-worker.cjs", import.meta.url)), { stdout: true, stderr: true });
  // It must not keep the server alive, nor write into the protocol's stream.
  worker.unref();
  return {
    ask: (question) => worker.postMessage(question),
    onAnswer: (listener) => worker.on("message", (answer: JudgeAnswer) => listener(answer)),
    onEnd: (listener) => {
      // An error that ends the thread is followed by its exit; without a listener it would end the server.
      worker.on("error", () => undefined);
      worker.once("exit", () => listener());
    },
    end: () => void worker.terminate(),
  };
}

/** Headers are asked for again and again: a text is kept as long as its file is the same. */
function readerOfTexts(): (uri: string) => string | undefined {
  const kept = new Map<string, { readonly stamp: string; readonly text: string }>();
  return (uri) => {
    const path = pathOf(uri);
    if (path === undefined) return undefined;
    try {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isFile() !== true || stat.size > sourceLengthMax) return undefined;
      const stamp = `${String(stat.mtimeMs)} ${String(stat.size)}`;
      const known = kept.get(path);
      if (known?.stamp === stamp) return known.text;
      const text = readFileSync(path, "utf8");
      kept.set(path, { stamp, text });
      return text;
    } catch {
      return undefined;
    }
  };
}

function pathOf(uri: string): string | undefined {
  return uri.startsWith("file:") ? URI.parse(uri).fsPath : undefined;
}

function nearestTree(start: string): KernelTree | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Kbuild")) && existsSync(join(folder, "MAINTAINERS"))) return treeAt(folder);
    if (dirname(folder) === folder) return undefined;
  }
}

function treeAt(folder: string): KernelTree {
  return { uri: pathToFileURL(realpathSync(folder)).href.replace(/\/$/, ""), release: releaseOf(folder) };
}

function releaseOf(folder: string): string {
  try {
    const makefile = readFileSync(join(folder, "Makefile"), "utf8");
    const version = /^VERSION *= *(\d+)/m.exec(makefile)?.[1];
    const patchLevel = /^PATCHLEVEL *= *(\d+)/m.exec(makefile)?.[1];
    return version !== undefined && patchLevel !== undefined ? `${version}.${patchLevel}` : "unknown";
  } catch {
    return "unknown";
  }
}
