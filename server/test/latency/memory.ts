import { assert } from "../../src/base/assert.ts";
import { afterKey, type Key } from "./keys.ts";
import type { Typing } from "./typing.ts";

/** What memory may grow by, of what it was after the first tenth of the edits. */
const growthMax = 0.15;

type Memory = { readonly buffer: ArrayBuffer };
type WithMemory = new (...args: readonly unknown[]) => Memory;

/** Call before the wasm module is loaded, which makes its memory itself; asks for the size of it. */
export function watchWasmMemory(): () => number {
  const memories: Memory[] = [];
  const wasm = (globalThis as unknown as { readonly WebAssembly: { Memory: WithMemory } }).WebAssembly;
  const { Memory: Made } = wasm;
  wasm.Memory = class extends Made {
    constructor(...args: readonly unknown[]) {
      super(...args);
      memories.push(this);
    }
  };
  return () => {
    assert(memories.length > 0, "the wasm module made its memory before it was watched, or in another way");
    return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  };
}

/** Each key is an edit, and so is taking it back. */
export function memoryOver(typing: Typing, text: string, keys: readonly Key[], wasmBytes: () => number): { readonly line: string; readonly isFlat: boolean } {
  const measure = (): { readonly heap: number; readonly wasm: number } => {
    globalThis.gc?.();
    return { heap: process.memoryUsage().heapUsed, wasm: wasmBytes() };
  };
  let early = measure();
  for (const [index, key] of keys.slice(0, Math.ceil(keys.length / 2)).entries()) {
    typing.type(afterKey(text, key));
    typing.type(text);
    if (index === Math.floor(keys.length / 20)) early = measure();
  }
  const late = measure();
  const growth = (late.heap + late.wasm) / (early.heap + early.wasm) - 1;
  const megabytes = ({ heap, wasm }: typeof early): string => `${(heap / 1e6).toFixed(1)} MB heap + ${(wasm / 1e6).toFixed(1)} MB wasm`;
  return { line: `${megabytes(early)} early, ${megabytes(late)} after ${String(keys.length)} edits: ${(100 * growth).toFixed(1)} %`, isFlat: growth <= growthMax };
}
