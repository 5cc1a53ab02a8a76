/** The parser's WebAssembly inside the bundle: a web worker has no file beside it, and what it may fetch depends on the site. */

import grammarWasm from "tree-sitter-c/tree-sitter-c.wasm";
import runtimeWasm from "web-tree-sitter/web-tree-sitter.wasm";

export { grammarWasm, runtimeWasm };
