/** What is counted, per file and summed up. */
export type Figures = {
  files: number;
  bytes: number;
  /** Files with an ERROR or a MISSING node. */
  filesInError: number;
  /** Inside the outermost ERROR nodes. */
  bytesInError: number;
  /** `{` in column 0 behind a parameter list, to the `}` in column 0: counted without the parser. */
  bodies: number;
  /** Those that hold an ERROR or MISSING node, or that are no function's body in the tree. */
  bodiesInError: number;
  /** Those in an `#if` arm that is not followed. */
  bodiesSkipped: number;
  /** Functions that Universal Ctags names. */
  tagged: number;
  /** Those of them that the tree has no function for. */
  lost: number;
  /** Calls of `*for_each*_rcu` macros in function bodies, outside comments, strings and directives. */
  rcuLoops: number;
  /** Those that are a loop with a body in the tree. */
  rcuLoopsBound: number;
  rcuLoopsSkipped: number;
};

export type Finding = { readonly line: number; readonly what: "error" | "body" | "lost" | "loop"; readonly text: string };

export type FileReport = { readonly path: string; readonly figures: Figures; readonly findings: readonly Finding[] };

export function noFigures(): Figures {
  return { files: 0, bytes: 0, filesInError: 0, bytesInError: 0, bodies: 0, bodiesInError: 0, bodiesSkipped: 0, tagged: 0, lost: 0, rcuLoops: 0, rcuLoopsBound: 0, rcuLoopsSkipped: 0 };
}

/** Adds to the first. */
export function addFigures(sum: Figures, more: Figures): void {
  for (const key of Object.keys(sum) as (keyof Figures)[]) sum[key] += more[key];
}
