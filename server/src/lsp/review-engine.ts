/** What a reviewing thread does with a question. It knows no thread: the shell around it posts the answers. */

import { TextDocument } from "vscode-languageserver-textdocument";
import { judge } from "../evidence/judge.ts";
import { remembering } from "../session/judging.ts";
import { notSeenText, renderFacts } from "../session/render-facts.ts";
import { renderRun } from "../session/render-run.ts";
import { type Judge, Reviewer } from "../session/reviewer.ts";
import type { RefusedFile, SourceFile } from "../session/reviewer-types.ts";
import type { MacroLists } from "../syntax/macro-lists.ts";
import type { CParser, ParseOutcome } from "../syntax/parser.ts";
import { warmUp } from "../syntax/warm-up.ts";
import type { Answer, KernelTree, Place, Question, ReadFile, Replayed, ShownFacts } from "./review-messages.ts";
import { cancelled } from "./cancellation.ts";
import { OpenDocuments } from "./open-documents.ts";
import { SourceFiles } from "./source-files.ts";
import { messageOf } from "./words.ts";

export type EngineHost = {
  readonly openParser: () => Promise<CParser>;
  /** Synchronous, because a review is; undefined when there is no such text. Must not throw. */
  readonly readText: (uri: string) => string | RefusedFile | undefined;
  /** The macros of the headers of a tree; not given where there is no disk, and what ships is all. */
  readonly macrosOf?: (tree: KernelTree) => MacroLists;
  /** URIs of the `.c` files in a folder; not given where there is no disk. Must not throw. */
  readonly sourcesIn?: (folder: string) => readonly string[];
  /** The question at hand was taken back. */
  readonly shouldStop: () => boolean;
  /** Lets messages in between two judgements, where a question can only be taken back by one. */
  readonly breathe?: () => Promise<void>;
};

/** `parse` keeps the tree of the text for its next version. */
type Roots = { readonly reviewer: Reviewer; readonly files: SourceFiles; readonly parse: (source: SourceFile) => ParseOutcome };

/** Owns the parser, the trees of open texts, the headers that it read and the judgements that it made. One question at a time. */
export class ReviewEngine {
  readonly #host: EngineHost;
  readonly #judge: Judge;
  readonly #rootsByKey = new Map<string, Roots>();
  #parser: Promise<CParser> | undefined;
  #documents: OpenDocuments | undefined;

  constructor(host: EngineHost) {
    this.#host = host;
    const { shouldStop, breathe } = host;
    const judged = remembering(async (attempt, { model }) => {
      await breathe?.();
      const judgement = judge(attempt, { model, shouldStop });
      // A search that was cut short must not be remembered: it could have lost a rung of the ladder without saying so.
      if (shouldStop()) throw cancelled();
      return judgement;
    });
    this.#judge = (attempt, options, signal) => (shouldStop() ? Promise.reject(cancelled()) : judged(attempt, options, signal));
  }

  /** Never throws. */
  async answer(question: Question, post: (answer: Answer) => void): Promise<void> {
    this.#parser ??= this.#openParser();
    try {
      const parser = await this.#parser;
      const roots = this.#rootsFor(question, parser);
      const source: SourceFile = { file: roots.files.nameOf(question.uri), text: question.text };
      if (question.kind === "review") return await this.#review(question, source, roots, post);
      const name = question.function ?? functionAt(question.position?.line ?? 0, source, roots);
      if (name === undefined) return post({ kind: "cannot", reason: `no function of ${source.file} is at this position: put the cursor into one` });
      post(question.kind === "facts" ? factsOf(name, source, roots) : await this.#replay(name, source, roots));
    } catch (error) {
      const isThreadSpent = await this.#parser.then((parser) => parser.isDamaged(), () => true);
      post({ kind: "failed", message: messageOf(error), isThreadSpent });
    }
  }

  async #review({ rules, emulate, kernel }: Question & { readonly kind: "review" }, source: SourceFile, { reviewer, files }: Roots, post: (answer: Answer) => void): Promise<void> {
    const recording = files.record();
    const review = await reviewer.review(source, { rules, emulate, kernel: kernel?.release ?? "unknown" }, {
      onDetected: (detected) => {
        const { reads, missing } = recording.end();
        const touched = new Set(detected.findings.flatMap(({ fixes }) => fixes.flatMap(({ edits }) => edits.map(({ file }) => file))));
        post({ kind: "detected", name: source.file, review: detected, missing, reads: reads.map(({ name, uri, text }): ReadFile => ({ name, uri, text: touched.has(name) ? text : undefined })) });
      },
      onFinding: (index, finding) => post({ kind: "verdict", index, finding }),
    });
    post({ kind: "reviewed", review });
  }

  async #replay(name: string, source: SourceFile, { reviewer, files }: Roots): Promise<Replayed> {
    const { file } = source;
    const outcome = await reviewer.emulate(source, name, { model: "lkmm" });
    switch (outcome.kind) {
      case "replayed": {
        const names = new Set([file, ...outcome.runs.flatMap((run) => run.steps.map((step) => step.file))]);
        const sources = Object.fromEntries([...names].flatMap((one) => { const uri = files.uriOf(one); return uri === undefined ? [] : [[one, uri]]; }));
        return { kind: "replayed", function: name, about: outcome.about, runs: outcome.runs.map((run) => ({ run, text: renderRun(run) })), sources };
      }
      case "nothing": return { kind: "replayed", function: name, about: `Nothing to replay: ${outcome.message}`, runs: [], sources: {} };
      case "no-function": case "refused": return cannot(outcome, file);
    }
  }

  async #openParser(): Promise<CParser> {
    const parser = await this.#host.openParser();
    warmUp(parser);
    return parser;
  }

  /** Looked up at the first review in a tree, which waits half a second for it where nothing was kept; so every review has the same lists. */
  #macrosOf(kernel: KernelTree | null): (() => MacroLists) | undefined {
    const { macrosOf } = this.#host;
    if (kernel === null || macrosOf === undefined) return undefined;
    let lists: MacroLists | undefined;
    return () => (lists ??= macrosOf(kernel));
  }

  #rootsFor({ folder, kernel, open }: Place, parser: CParser): Roots {
    const key = `${folder} ${kernel?.uri ?? ""}`;
    let roots = this.#rootsByKey.get(key);
    if (roots === undefined) {
      const files = new SourceFiles(this.#host.readText, folder, kernel, this.#macrosOf(kernel), this.#host.sourcesIn);
      const documents = (this.#documents ??= new OpenDocuments(parser, this.#host.shouldStop));
      const parse = ({ file, text }: SourceFile, macros: MacroLists | undefined): ParseOutcome => documents.parse(`${key} ${file}`, text, macros);
      roots = { files, parse: (source) => parse(source, undefined), reviewer: new Reviewer(parser, files.reviewHost, this.#judge, { parse }) };
      this.#rootsByKey.set(key, roots);
    }
    roots.files.setOpen(open);
    return roots;
  }
}

function factsOf(name: string, source: SourceFile, { reviewer }: Roots): ShownFacts | Replayed {
  const outcome = reviewer.facts(source, name);
  if (outcome.kind !== "facts") return cannot(outcome, source.file);
  const [facts] = outcome.functions;
  return facts === undefined ? { kind: "cannot", reason: `${source.file}: nothing is known of ${name}` } : { kind: "facts", facts, text: [renderFacts(facts), ...notSeenText(outcome.notSeen)].join("\n") };
}

type Without = { readonly kind: "no-function"; readonly function: string; readonly similar: readonly string[] } | { readonly kind: "refused"; readonly reason: string };

function cannot(outcome: Without, file: string): Replayed {
  if (outcome.kind === "refused") return { kind: "cannot", reason: `${file}: ${outcome.reason}` };
  return { kind: "cannot", reason: `${file}: no function ${outcome.function}${outcome.similar.length > 0 ? ` (did you mean ${outcome.similar.join(", ")}?)` : ""}` };
}

/** The whole first and last line of a function belong to it, a return type on a line of its own included. */
function functionAt(line: number, source: SourceFile, { parse }: Roots): string | undefined {
  const outcome = parse(source);
  if (outcome.kind !== "parsed") return undefined;
  const document = TextDocument.create("", "c", 0, source.text);
  const lineStart = document.offsetAt({ line, character: 0 });
  const lineEnd = document.offsetAt({ line: line + 1, character: 0 });
  return outcome.unit.functions.find(({ start, end }) => start < lineEnd && end > lineStart)?.name;
}
