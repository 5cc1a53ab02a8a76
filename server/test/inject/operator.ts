/** What an operator is: where it can break a function, by which edits, and which rules would be right about it. */

import type { Stmt } from "../../src/syntax/c-syntax.ts";
import type { CallSite, FileView, FunctionView } from "./view.ts";

export type Edit = { readonly start: number; readonly end: number; readonly newText: string };

/** `neutral`: why it changes nothing; "" for a bug; "?" where that cannot be told, and nobody counts it. */
export type Injection = { readonly at: number; readonly edits: readonly Edit[]; readonly neutral: string };

/** `isNote`: what it makes is at most a note: only a compiler that makes use of a plain load, or Alpha, does harm with it. */
export type Operator = { readonly name: string; readonly rules: readonly string[]; readonly isNote?: true; readonly sites: (view: FunctionView) => readonly Injection[] };

/** Nothing is left but a semicolon; lines stay where they are. */
export function without({ text }: FileView, stmt: Stmt): Edit {
  return { start: stmt.start, end: stmt.end, newText: `;${text.slice(stmt.start, stmt.end).replace(/[^\n]/g, "")}` };
}

/** Moves a statement right behind another one, or before it, without a new line. */
export function moved(file: FileView, stmt: Stmt, to: number): readonly Edit[] {
  const text = file.text.slice(stmt.start, stmt.end).replace(/\s*\n\s*/g, " ");
  return [without(file, stmt), { start: to, end: to, newText: ` ${text} ` }];
}

export function renamed({ call }: CallSite, name: string): Edit {
  return { start: call.callee.start, end: call.callee.end, newText: name };
}

export function replaced({ call }: CallSite, newText: string): Edit {
  return { start: call.start, end: call.end, newText };
}

export function applyTo(text: string, edits: readonly Edit[]): string {
  return edits.toSorted((a, b) => b.start - a.start || b.end - a.end).reduce((result, { start, end, newText }) => result.slice(0, start) + newText + result.slice(end), text);
}

/** One injection a call whose name matches. */
export function atCalls(name: RegExp, inject: (site: CallSite, view: FunctionView) => Omit<Injection, "at"> | undefined): Operator["sites"] {
  return (view) =>
    view.calls.flatMap((site) => {
      const injection = name.test(site.callee) ? inject(site, view) : undefined;
      return injection === undefined ? [] : [{ at: site.call.start, ...injection }];
    });
}

export const mentions = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

/** `name->` or `*name`: what it points to is touched; `sizeof(*name)` asks for its type alone. */
export const follows = (text: string, name: string): boolean => new RegExp(`\\b${name}\\s*->|\\*\\s*${name}\\b`).test(text.replace(/\bsizeof\s*\([^()]*\)/g, "sizeof"));
