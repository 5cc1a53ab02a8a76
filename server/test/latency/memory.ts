import { afterKey, type Key } from "./keys.ts";
import type { Typing } from "./typing.ts";

/** What memory may grow by, of what it was after the first tenth of the edits. */
const growthMax = 0.15;

type Exports = { readonly memory?: { readonly buffer: ArrayBuffer } };
type Instantiate = (...args: readonly unknown[]) => Promise<{ readonly instance?: { readonly exports: Exports }; readonly exports?: Exports }>;

/** Call before the wasm module is loaded; asks for the size of its memory. */
export function watchWasmMemory(): () => number {
  const memories: { readonly buffer: ArrayBuffer }[] = [];
  const wasm = (globalThis as unknown as { readonly WebAssembly: { instantiate: Instantiate } }).WebAssembly;
  const { instantiate } = wasm;
  wasm.instantiate = async (...args) => {
    const made = await instantiate(...args);
    const memory = (made.instance?.exports ?? made.exports)?.memory;
    if (memory !== undefined) memories.push(memory);
    return made;
  };
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
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
