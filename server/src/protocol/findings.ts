/**
 * Findings as every door prints them: `check --format json`, the LSP `data` of a diagnostic, the extension.
 * Field by field this is section 2 of the project's contract; docs/findings.schema.json is its JSON schema.
 * `line` and `column` count from 1, columns in UTF-16 units; `start` and `end` are UTF-16 offsets in the file as read.
 */

export type Severity = "error" | "warning" | "note";

export type VerdictWord = "confirmed" | "refuted" | "undecided";

/** The weakest need of the hazard. `compiler`: only because an access is plain. */
export type HazardClass = "interleaving" | "tso" | "mca" | "non-mca" | "compiler";

export type Reachability = "reachable" | "unreachable" | "unknown";

export type Ladder = { readonly sc: Reachability; readonly tso: Reachability; readonly mca: Reachability; readonly lkmm: Reachability };

export type LimitMet = { readonly kind: "executions" | "time" | "events" | "loop" | "callees"; readonly value: number };

export type Counterpart = { readonly file: string; readonly function: string; readonly line: number; readonly synthetic: boolean };

export type EvidenceReport = {
  readonly verdict: VerdictWord;
  /** Why the verdict is what it is; never empty for `undecided`. */
  readonly reason: string;
  readonly limit: LimitMet | null;
  /** null where no interleaving is involved (a path rule) or nothing was reached. */
  readonly class: HazardClass | null;
  readonly ladder: Ladder | null;
  /** Executions that the search explored, over all programs of this finding. */
  readonly executions: number;
  readonly counterpart: Counterpart | null;
  readonly assumptions: readonly string[];
};

/** One step from an entry point towards the finding. */
export type PathStep = { readonly file: string; readonly line: number; readonly function: string; readonly role: string };

export type Related = { readonly file: string; readonly line: number; readonly column: number; readonly message: string };

/** One step of the execution that reaches the hazard, by the role that takes it; `line` is 0 where there is no source. */
export type WitnessStep = { readonly role: string; readonly text: string; readonly file: string; readonly line: number; readonly hazard: boolean };

export type TextEdit = { readonly file: string; readonly start: number; readonly end: number; readonly newText: string };

export type Fix = {
  readonly title: string;
  /** true: re-emulated and refuted; false: re-emulated and it is not; null: not tried. */
  readonly verified: boolean | null;
  readonly edits: readonly TextEdit[];
};

export type Finding = {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly function: string;
  readonly message: string;
  /** null with --no-emulate. */
  readonly evidence: EvidenceReport | null;
  readonly path: readonly PathStep[];
  readonly related: readonly Related[];
  /** The race, step by step, where an execution reaches it; else empty. */
  readonly steps: readonly WitnessStep[];
  readonly fixes: readonly Fix[];
};

export type Skipped = { readonly file: string; readonly reason: string };

export type NotAnalysedRegion = { readonly file: string; readonly line: number; readonly endLine: number; readonly reason: string };

export type Stats = {
  readonly files: number;
  readonly functions: number;
  readonly bytes: number;
  readonly findings: number;
  readonly confirmed: number;
  readonly refuted: number;
  readonly undecided: number;
  readonly wallMs: number;
  readonly profile: Profile;
};

/** What a verdict was computed with: never a verdict without its bounds. */
export type Profile = {
  readonly model: string;
  readonly kernel: string;
  readonly bounds: Readonly<Record<string, number>>;
  /** Headers that could not be read: what they define was not known. */
  readonly headersNotFound?: number;
};

export type Report = {
  readonly version: 1;
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  readonly notAnalysed: readonly NotAnalysedRegion[];
  readonly stats: Stats;
};
