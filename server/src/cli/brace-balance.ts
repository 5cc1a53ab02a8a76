/**
 * Where a file's braces stop matching. The parser recovers from anything, so a file cut in half would be
 * reviewed without a word; this gives the person the line to look at.
 */

/** undefined when balanced; of `#if`/`#else` branches only the first is counted, as they often repeat an opening brace. */
export function unbalancedBrace(text: string): { readonly line: number; readonly reason: string } | undefined {
  const open: number[] = [];
  for (const { character, line } of bracesOf(blankNonCode(text))) {
    if (character === "{") open.push(line);
    else if (open.pop() === undefined) return { line, reason: "unbalanced braces: this `}` closes nothing" };
  }
  // The outermost open brace is where the parser lost its way.
  const line = open[0];
  return line === undefined ? undefined : { line, reason: "unbalanced braces: this `{` is never closed" };
}

/** Comments, strings and characters become blanks of the same length; newlines stay. */
function blankNonCode(text: string): string {
  const nonCode = /\/\*[\s\S]*?(?:\*\/|$)|\/\/(?:\\\r?\n|[^\n])*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/g;
  return text.replaceAll(nonCode, (match) => match.replaceAll(/[^\n]/g, " "));
}

function* bracesOf(code: string): Generator<{ readonly character: "{" | "}"; readonly line: number }> {
  /** One entry per open #if: whether its first branch is still running. */
  const branches: boolean[] = [];
  let isDirective = false;
  let line = 0;
  for (const text of code.split("\n")) {
    line += 1;
    const directive = /^\s*#\s*(\w+)/.exec(text)?.[1];
    if (directive?.startsWith("if")) branches.push(true);
    else if (directive === "endif") branches.pop();
    else if (directive?.startsWith("el") && branches.length > 0) branches[branches.length - 1] = false;
    // A directive runs on over lines that end in a backslash; macros may hold half a block.
    const isCode = !isDirective && directive === undefined && branches.every(Boolean);
    isDirective = (isDirective || directive !== undefined) && /\\\r?$/.test(text);
    if (!isCode) continue;
    for (const character of text) if (character === "{" || character === "}") yield { character, line };
  }
}
