/** Loops are known by their name; the lists are for the others. */
export const looksLikeLoop = /for_?each|for_all|_walk_|^walk_|foreach|^for_[a-z]|FOREACH|FOR_EACH/i;

const loopBody = /^(?:\\?\s*)(?:for|while)\s*\(|^if\s*\(.*\belse\s+for\s*\(|^\(?\s*\{?\s*for\s*\(/;

/** Of a macro with parameters, comments left out: what follows the call is a loop's body. */
export const isLoopBody = (body: string): boolean => loopBody.test(body) || endsInLoop(body);

/** `for (…)` to the very end: what follows the macro is the loop's body. */
function endsInLoop(body: string): boolean {
  const at = Math.max(body.lastIndexOf("for ("), body.lastIndexOf("for("));
  if (at <= 0 || !body.endsWith(")")) return false;
  let depth = 0;
  for (let i = body.indexOf("(", at); i < body.length; i++) {
    if (body[i] === "(") depth++;
    else if (body[i] === ")" && --depth === 0) return i === body.length - 1;
  }
  return false;
}
