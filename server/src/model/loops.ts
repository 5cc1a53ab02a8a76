/** Whether a place in a function stands inside a loop: one wait there is one wait per round. */

import { walkStmts } from "./ast-walk.ts";
import type { FileFacts } from "./file-facts.ts";

const loopKinds = new Set(["while", "do", "for", "macro-loop"]);

export function isInLoop(facts: FileFacts, functionName: string, offset: number): boolean {
  const fn = facts.functions.get(functionName);
  let found = false;
  if (fn !== undefined) walkStmts(fn.body, (stmt) => { if (loopKinds.has(stmt.kind) && stmt.start <= offset && offset < stmt.end) found = true; });
  return found;
}
