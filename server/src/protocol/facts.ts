/**
 * The facts of functions, as `quiesce facts --format json` prints them (docs/facts.schema.json). Lines and columns
 * count from 1. What the words mean stands with the types they are made from, in `server/src/model/facts/types.ts`.
 */

import type { NotAnalysedRegion } from "./findings.ts";

/** Of the followed paths that come to a place. */
export type FactOn = "all" | "some";

export type FactLock = {
  readonly place: string;
  readonly key: string;
  readonly class: string;
  readonly on: FactOn;
  readonly line: number | null;
  readonly isAsserted: boolean;
  readonly guard: string | null;
};

export type FactSection = { readonly name: string; readonly domain: string; readonly on: FactOn; readonly line: number | null; readonly guard: string | null };

export type FactPoint = {
  readonly line: number;
  readonly column: number;
  readonly text: string;
  readonly effect: string;
  readonly place: string;
  readonly key: string;
  readonly detail: string;
  readonly via: readonly string[];
  readonly escapes: readonly string[];
  readonly does: readonly string[];
  readonly sleeps: "yes" | "by flags" | "no";
  readonly locks: readonly FactLock[];
  readonly sections: readonly FactSection[];
};

export type FactExit = {
  readonly line: number;
  readonly column: number;
  readonly kind: "return" | "end";
  readonly value: string;
  readonly escapes: readonly string[];
  readonly isBalanced: boolean;
  readonly locks: readonly FactLock[];
  readonly sections: readonly FactSection[];
};

export type FactControl =
  | { readonly kind: "loop"; readonly line: number; readonly endLine: number; readonly head: string; readonly walks: boolean }
  | { readonly kind: "switch"; readonly line: number; readonly endLine: number; readonly cases: number }
  | { readonly kind: "label"; readonly line: number; readonly name: string; readonly from: readonly number[] }
  | { readonly kind: "guard"; readonly line: number; readonly endLine: number; readonly name: string }
  | { readonly kind: "cleanup"; readonly line: number; readonly name: string; readonly class: string };

export type FactSummary = {
  readonly acquires: readonly FactLock[];
  readonly releases: readonly { readonly place: string; readonly key: string; readonly on: FactOn }[];
  readonly frees: readonly { readonly parameter: number; readonly name: string; readonly object: string; readonly when: "now" | "after a grace period"; readonly on: FactOn }[];
  readonly waits: readonly { readonly flavour: string; readonly domain: string; readonly api: string; readonly for: "readers" | "callbacks"; readonly on: FactOn; readonly line: number }[];
  readonly sleeps: { readonly answer: "yes" | "by flags" | "no"; readonly lines: readonly number[]; readonly unknownCalls: number };
  readonly needs: readonly { readonly what: string; readonly line: number | null }[];
};

export type FunctionFacts = {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly endLine: number;
  readonly summary: FactSummary;
  readonly objects: readonly { readonly name: string; readonly is: string; readonly type: string; readonly also: readonly string[] }[];
  readonly points: readonly FactPoint[];
  readonly exits: readonly FactExit[];
  readonly control: readonly FactControl[];
  /** Named, so that silence means that everything was followed. */
  readonly notFollowed: readonly { readonly reason: string; readonly line: number | null; readonly endLine: number | null }[];
};

/** What was looked for in other files and not found: a header, a name that is called, the index of the tree. */
export type NotSeen = { readonly kind: "header" | "name" | "index"; readonly name: string; readonly reason: string };

export type FactsReport = { readonly version: 1; readonly functions: readonly FunctionFacts[]; /** Regions of the file that could not be read; what stands there is in no facts. */ readonly notAnalysed: readonly NotAnalysedRegion[]; readonly notSeen: readonly NotSeen[] };
