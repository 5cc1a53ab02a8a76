/** Where a function loops, switches, jumps and unwinds, and what of it no followed path came to. */

import type { FunctionDef, Stmt } from "../../syntax/c-syntax.ts";
import { walkStmts } from "../ast-walk.ts";
import type { FileFacts } from "../file-facts.ts";
import { apiOf } from "../kernel-api/index.ts";
import type { Traces } from "../trace.ts";
import type { FactsRecorder } from "./recorder.ts";
import type { Spelling } from "./spelling.ts";
import type { Control, NotFollowed } from "./types.ts";

const walks = (macro: string): boolean => apiOf(macro)?.effects.some((effect) => effect.kind === "list-walk") === true;

export function controlOf(fn: FunctionDef, spelling: Spelling): readonly Control[] {
  const found: Control[] = [];
  const gotos = new Map<string, number[]>();
  walkStmts(fn.body, (stmt) => { if (stmt.kind === "goto") gotos.set(stmt.label, [...(gotos.get(stmt.label) ?? []), spelling.lineOf(stmt.start)]); });
  walkStmts(fn.body, (stmt) => {
    const line = spelling.lineOf(stmt.start);
    const endLine = spelling.lineOf(stmt.end - 1);
    switch (stmt.kind) {
      case "while": case "do": case "for": found.push({ kind: "loop", line, endLine, head: stmt.kind, walks: false }); break;
      case "macro-loop": found.push({ kind: "loop", line, endLine, head: stmt.macro, walks: isWalk(stmt, spelling) }); break;
      case "switch": found.push({ kind: "switch", line, endLine, cases: stmt.cases.length }); break;
      case "label": found.push({ kind: "label", line, name: stmt.name, from: gotos.get(stmt.name) ?? [] }); break;
      case "guard": found.push({ kind: "guard", line, endLine: stmt.body === undefined ? line : endLine, name: `${stmt.macro}(${stmt.guardClass})` }); break;
      case "declaration":
        for (const { name, attributes } of stmt.declarators) {
          const cleanup = attributes.find((attribute) => attribute.name === "__free");
          if (cleanup !== undefined) found.push({ kind: "cleanup", line, name, class: cleanup.text });
        }
        break;
      default: break;
    }
  });
  return found;
}

/** Of the knowledge table, or a macro that was written out. */
function isWalk(stmt: Stmt & { readonly kind: "macro-loop" }, { facts }: Spelling): boolean {
  const written = apiOf(stmt.macro) === undefined ? facts.outside.loop(stmt) : stmt;
  return written.kind === "macro-loop" ? walks(written.macro) : true;
}

export type NotFollowedContext = { readonly fn: FunctionDef; readonly facts: FileFacts; readonly traces: Traces; readonly recorder: FactsRecorder; readonly spelling: Spelling };

export function notFollowedOf({ fn, facts, traces, recorder, spelling }: NotFollowedContext): readonly NotFollowed[] {
  const whole = (reason: string): NotFollowed => ({ reason, line: null, endLine: null });
  const arms = (facts.unit.skippedArms ?? []).filter((arm) => fn.start <= arm.start && arm.start < fn.end)
    .map((arm): NotFollowed => ({ reason: `an arm of ${arm.directive.trim()} was not read`, line: spelling.lineOf(arm.start), endLine: spelling.lineOf(Math.max(arm.start, arm.end - 1)) }));
  return [
    ...traces.cut.map(whole),
    ...(recorder.untold.size === 0 ? [] : [whole(`more than ${String(recorder.pathsMax)} paths were joined: what ${[...recorder.untold].join(", ")} held on them is not told apart`)]),
    ...(recorder.isFull ? [whole("too many effects in too many contexts")] : []),
    ...arms,
    ...(facts.unit.otherDefinitions?.some(({ name }) => name === fn.name) === true ? [whole(`${fn.name}() is defined again in another arm of #if, which was not read`)] : []),
    ...unknownLoops(fn, spelling),
    ...unreached(fn, recorder, spelling),
  ];
}

function unknownLoops(fn: FunctionDef, spelling: Spelling): readonly NotFollowed[] {
  return controlOf(fn, spelling).flatMap((one): readonly NotFollowed[] =>
    one.kind !== "loop" || one.walks || ["while", "do", "for"].includes(one.head) ? [] : [{ reason: `${one.head}() is not in the knowledge table: what it walks is not known, and one round was followed`, line: one.line, endLine: one.endLine }]);
}

/** Statements that no followed path came to, neighbours together. */
function unreached(fn: FunctionDef, { visited }: FactsRecorder, spelling: Spelling): readonly NotFollowed[] {
  const lines: { line: number; endLine: number }[] = [];
  walkStmts(fn.body, (stmt) => { if (isLeaf(stmt) && !visited.has(stmt)) lines.push({ line: spelling.lineOf(stmt.start), endLine: spelling.lineOf(stmt.end - 1) }); });
  const merged: { line: number; endLine: number }[] = [];
  for (const one of lines.toSorted((a, b) => a.line - b.line)) {
    const last = merged.at(-1);
    if (last !== undefined && one.line <= last.endLine + 1) last.endLine = Math.max(last.endLine, one.endLine);
    else merged.push({ ...one });
  }
  return merged.map((one) => ({ reason: "no followed path comes here", ...one }));
}

function isLeaf({ kind }: Stmt): boolean {
  return kind === "expression" || kind === "return" || kind === "goto" || kind === "asm" || kind === "declaration" || kind === "break" || kind === "continue";
}
