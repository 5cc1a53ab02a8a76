/**
 * The parser's WebAssembly inside the bundle: a web worker has no file beside it, and what it may fetch depends on the site.
 * The build deflates it (`deflatedWasm` of server/tasks/build.mjs), because base64 of the plain bytes hardly packs.
 */

import grammarWasm from "tree-sitter-c/tree-sitter-c.wasm";
import runtimeWasm from "web-tree-sitter/web-tree-sitter.wasm";

export async function inflatedWasm(): Promise<{ readonly runtimeWasm: Uint8Array; readonly grammarWasm: Uint8Array }> {
  const [runtime, grammar] = await Promise.all([inflated(runtimeWasm), inflated(grammarWasm)]);
  return { runtimeWasm: runtime, grammarWasm: grammar };
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}
