/** Fixes that move one statement behind another of the same block, or put a read-side section around some lines. */

import type { FileFacts } from "../../model/file-facts.ts";
import type { Span } from "../../model/trace.ts";
import type { Edit } from "../rule.ts";

type Lines = { readonly start: number; readonly end: number; readonly indent: string; readonly text: string };

/** Moves the line of the statement at `from` behind the statement at `to`; undefined where that is more than a move. */
export function moveBehind(facts: FileFacts, from: Span, to: Span): readonly Edit[] | undefined {
  const { text } = facts.unit;
  const moved = lineAt(text, from.start);
  const target = statementAround(text, moved, to);
  if (!/;\s*$/.test(moved.text) || target === undefined) return undefined;
  if (!isStraight(text.slice(moved.end, target.end))) return undefined;
  return [
    { file: facts.file, start: moved.start, end: moved.end, newText: "" },
    { file: facts.file, start: target.end, end: target.end, newText: moved.text },
  ];
}

/** Puts rcu_read_lock() before the line of `first` and rcu_read_unlock() behind the statement of `last`. */
export function sectionAround(facts: FileFacts, first: Span, last: Span): readonly Edit[] | undefined {
  const { text } = facts.unit;
  const begin = lineAt(text, first.start);
  const target = statementAround(text, begin, last);
  if (target === undefined || !isStraight(text.slice(begin.start, target.end))) return undefined;
  // A declaration: a statement before it would stand among declarations.
  if (/^\s*(?:const\s+)?(?:struct|union|enum|unsigned|int|bool|u\d+|void|long|char)\b[^()]*=/.test(begin.text)) return undefined;
  return [
    { file: facts.file, start: begin.start, end: begin.start, newText: `${begin.indent}rcu_read_lock();\n` },
    { file: facts.file, start: target.end, end: target.end, newText: `${begin.indent}rcu_read_unlock();\n` },
  ];
}

/** Where the statement with the line of `at`, seen from a block of the depth of `outer`, ends. */
function statementAround(text: string, outer: Lines, at: Span): Lines | undefined {
  let depth = 0;
  let end = outer.start;
  const last = lineAt(text, Math.max(at.start, at.end - 1)).end;
  for (let i = outer.start; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "(") depth++;
    else if (c === "}" || c === ")") depth--;
    if (depth < 0) return undefined;
    end = i + 1;
    if (c === "\n" && depth === 0 && end >= last && /[;}]\s*$/.test(text.slice(outer.start, end))) break;
  }
  const lines = text.slice(outer.start, end);
  const tail = lineAt(text, end - 1);
  return tail.indent !== outer.indent && !/^\s*\}/.test(tail.text) && tail.indent.length < outer.indent.length ? undefined : { start: outer.start, end, indent: outer.indent, text: lines };
}

/** No way leads past the end of these lines: no return, no jump and no label. */
function isStraight(lines: string): boolean {
  return !/\b(return|goto)\b|^\s*\w+:\s*$|^\s*#/m.test(lines) && (!/\bbreak\b|\bcontinue\b/.test(lines) || /\{/.test(lines));
}

function lineAt(text: string, offset: number): Lines {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const newline = text.indexOf("\n", offset);
  const end = newline < 0 ? text.length : newline + 1;
  const line = text.slice(start, end);
  return { start, end, indent: /^[ \t]*/.exec(line)?.[0] ?? "", text: line };
}
