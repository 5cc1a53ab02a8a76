/** The replay of one execution: one `Run` feeds the text table, the panel and every later view. */

import type { EvidenceReport } from "./findings.ts";

export type RunStep = {
  /** Counts from 1, in the order of the replay. */
  readonly index: number;
  /** Column, as an index into `Run.roles`. */
  readonly role: number;
  readonly text: string;
  readonly file: string;
  /** 0 where the step has no source line (a modelled step). */
  readonly line: number;
  /** The step at which the hazard happens. */
  readonly hazard: boolean;
};

export type RunSentence = { readonly text: string };

export type Run = {
  readonly version: 1;
  readonly rule: string;
  readonly title: string;
  /** What the replay shows, in one sentence. */
  readonly message: string;
  readonly model: string;
  readonly roles: readonly { readonly name: string; readonly function: string }[];
  readonly steps: readonly RunStep[];
  /** Why the execution is allowed: one sentence per reads-from or from-read edge that matters. */
  readonly why: readonly string[];
  /** The order that is missing, and the smallest fix that refutes the hazard; empty where refuted. */
  readonly fix: readonly string[];
  /** Whether plain interleaving, weak memory, or only non-multi-copy-atomic hardware is needed. */
  readonly need: string;
  readonly evidence: EvidenceReport;
  /** The program, as a litmus test. */
  readonly litmus: string;
  /** Counts of that litmus test, as herd7 prints them. */
  readonly counts: { readonly observation: string; readonly positive: number; readonly negative: number };
};
