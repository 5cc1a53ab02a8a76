/**
 * The engine behind every door: text in, findings with verdicts and replays out. Stateless but for caches;
 * files, workers and clocks come in from outside.
 */

import type { Attempt } from "../evidence/attempt.ts";
import type { Architectures } from "../evidence/architectures.ts";
import type { Judgement, JudgeOptions } from "../evidence/judgement.ts";
import { lacksCounterpart, withDoubts, withoutRoots } from "../evidence/counterparts.ts";
import { attemptsFor } from "../evidence/plan.ts";
import { decide, type Decided } from "../evidence/verdict.ts";
import { factsOf, type FileFacts } from "../model/file-facts.ts";
import { FactsOfFile } from "../model/function-facts.ts";
import { withProjectTable } from "../model/kernel-api/index.ts";
import type { EvidenceReport, Finding, Fix, NotAnalysedRegion, Run } from "../protocol/index.ts";
import type { Candidate, RuleContext } from "../rules/rule.ts";
import { runRules, type RuleRun } from "../rules/run-rules.ts";
import type { MacroLists } from "../syntax/macro-lists.ts";
import type { CParser, ParseOutcome } from "../syntax/parser.ts";
import { applyEdits } from "./edits.ts";
import { findingOf, positionsIn } from "./findings.ts";
import { FileMacros } from "./file-macros.ts";
import { besideFix } from "./fix-scope.ts";
import { HeaderCache } from "./headers.ts";
import { JointReview } from "./joint-review.ts";
import { BuildTree } from "./kconfig/build-tree.ts";
import { FactsCache } from "./facts-cache.ts";
import { placedFacts } from "./function-facts.ts";
import { notSeenOf } from "./not-seen.ts";
import { type ProjectConfig, ProjectConfigs, unreadConfig } from "./project-config.ts";
import type { EmulateOutcome, FactsOutcome, FileReview, ReviewHost, ReviewListener, ReviewOptions, SourceFile } from "./reviewer-types.ts";
import { runOf } from "./runs.ts";
import { similarNames } from "./similar.ts";
import { unreadHeaderWords } from "./source-limits.ts";

/** Runs one attempt somewhere (this thread, a worker) and remembers it. `signal` cancels. */
export type Judge = (attempt: Attempt, options: Pick<JudgeOptions, "model">, signal?: AbortSignal) => Promise<Judgement>;

export type EmulateOptions = { readonly model: JudgeOptions["model"]; readonly counterpart?: { readonly file: string; readonly function: string }; readonly signal?: AbortSignal };

type Analysed = { readonly kind: "analysed"; readonly facts: FileFacts; readonly run: RuleRun; readonly built: Architectures; readonly project: ProjectConfig; /** What of quiesce.toml nobody could follow. */ readonly unread: readonly NotAnalysedRegion[]; /** Counterparts in other files. */ readonly joint: JointReview } | { readonly kind: "refused"; readonly reason: string };

/** Fixes tried for one finding. */
const fixesMax = 4;

/** Findings of one file whose fixes are tried; each try reviews the file anew. Further fixes say that they were not. */
const fixedFindingsMax = 8;

type ParseFile = (source: SourceFile, macros: MacroLists | undefined) => ParseOutcome;

type ReviewerParts = { readonly headers?: HeaderCache; readonly parse?: ParseFile };

export class Reviewer {
  readonly #parser: CParser;
  readonly #parseFile: ParseFile;
  readonly #host: ReviewHost;
  readonly #judge: Judge;
  readonly #headers: HeaderCache;
  readonly #macros: FileMacros;
  readonly #factsCache = new FactsCache();
  readonly #projects = new ProjectConfigs();
  readonly #buildTree: BuildTree | undefined;

  /** `parse` reads the files under review, with the macros that are known; headers and files with a fix in them are parsed by themselves. */
  constructor(parser: CParser, host: ReviewHost, judge: Judge, { headers = new HeaderCache(parser, host.macros), parse = (source, macros) => parser.parse(source.text, macros === undefined ? {} : { macros }) }: ReviewerParts = {}) {
    this.#parser = parser;
    this.#parseFile = parse;
    this.#host = host;
    this.#judge = judge;
    this.#headers = headers;
    this.#macros = new FileMacros(headers);
    this.#buildTree = host.readText === undefined ? undefined : new BuildTree(host.readText);
  }

  /** Findings without verdicts, at once: `evidence` is null. */
  detect(source: SourceFile, options: Pick<ReviewOptions, "rules">): FileReview {
    const analysed = this.#analyse(source, options);
    return analysed.kind === "refused" ? refused(analysed.reason) : reviewOf(analysed, detectedIn(analysed).map(({ finding }) => finding), source);
  }

  /** Every finding with its verdict; `listener` hears of them as they come: all without, each with it, then fixes that were tried. */
  async review(source: SourceFile, options: ReviewOptions, { signal, onDetected, onFinding }: ReviewListener = {}): Promise<FileReview> {
    const analysed = this.#analyse(source, options);
    if (analysed.kind === "refused") {
      const review = refused(analysed.reason);
      onDetected?.(review);
      return review;
    }
    const found = detectedIn(analysed);
    const findings = found.map(({ finding }) => finding);
    onDetected?.(reviewOf(analysed, [...findings], source));
    if (!options.emulate) return reviewOf(analysed, findings, source);
    const settle = (index: number, finding: Finding): void => {
      findings[index] = finding;
      onFinding?.(index, finding);
    };
    const decisions: Decided[] = [];
    for (const [index, { candidate }] of found.entries()) {
      const decided = await this.#decideHere(candidate, analysed, "lkmm", signal);
      decisions.push(decided);
      settle(index, findingOf(candidate, analysed.facts, decided, decided.evidence.verdict === "refuted" ? [] : unverified(candidate)));
    }
    // Other files are read last: no verdict that does without them waits for it.
    for (const [index, { candidate }] of found.entries()) {
      const decided = await this.#decideElsewhere(candidate, decisions[index]!, analysed, "lkmm", signal);
      if (decided === decisions[index]) continue;
      decisions[index] = decided;
      settle(index, findingOf(candidate, analysed.facts, decided, unverified(candidate)));
    }
    if (options.tryFixes === false) return reviewOf(analysed, findings, source);
    const fixable = found.flatMap(({ candidate }, index) => (decisions[index]!.evidence.verdict === "confirmed" && candidate.fixes.length > 0 ? [{ candidate, index }] : []));
    for (const { candidate, index } of fixable.slice(0, fixedFindingsMax)) {
      settle(index, findingOf(candidate, analysed.facts, decisions[index]!, await this.#verifiedFixes(candidate, analysed, source, signal)));
    }
    return reviewOf(analysed, findings, source);
  }

  /** Replays what `functionName` takes part in, on either side. */
  async emulate(source: SourceFile, functionName: string, options: EmulateOptions): Promise<EmulateOutcome> {
    const analysed = this.#analyse(source, { rules: "all" });
    if (analysed.kind === "refused") return { kind: "refused", reason: analysed.reason };
    if (!analysed.facts.functions.has(functionName)) return { kind: "no-function", function: functionName, similar: similarNames(functionName, [...analysed.facts.functions.keys()]) };
    const { counterpart } = options;
    if (counterpart !== undefined && !analysed.facts.functions.has(counterpart.function)) return { kind: "no-function", function: counterpart.function, similar: similarNames(counterpart.function, [...analysed.facts.functions.keys()]) };
    const own = await this.#runsOf(analysed, source, functionName, options);
    if (own.length > 0) return { kind: "replayed", function: functionName, about: `what ${functionName}() takes part in`, isOfCallee: false, runs: own };
    for (const callee of calleesOf(functionName, analysed.facts)) {
      const runs = await this.#runsOf(analysed, source, callee, options);
      if (runs.length > 0) return { kind: "replayed", function: functionName, about: `${functionName}() by itself has nothing to replay; this is ${callee}(), which it calls`, isOfCallee: true, runs };
    }
    return { kind: "nothing", function: functionName, message: `${functionName}() neither retires an object that RCU readers can reach, nor reads one, nor waits for a grace period on an entry path that is known` };
  }

  /** What functions do: of one, or of all of the file. */
  facts(source: SourceFile, functionName: string | undefined): FactsOutcome {
    return withProjectTable(this.#projects.of(this.#host.readProject?.(source.file)).table, () => this.#factsWithTable(source, functionName));
  }

  #factsWithTable(source: SourceFile, functionName: string | undefined): FactsOutcome {
    const parsed = this.#parse(source);
    if (parsed.kind === "refused") return parsed;
    const { facts } = parsed;
    const names = functionName === undefined ? [...facts.functions.keys()] : [functionName];
    if (functionName !== undefined && !facts.functions.has(functionName)) return { kind: "no-function", function: functionName, similar: similarNames(functionName, [...facts.functions.keys()]) };
    const ofFile = new FactsOfFile(facts, this.#factsCache.forFile(facts));
    return { kind: "facts", functions: names.flatMap((name) => placedFacts(ofFile.of(name), facts)), notAnalysed: notAnalysedIn(facts), notSeen: notSeenOf(names, facts) };
  }

  async #runsOf(analysed: Extract<Analysed, { kind: "analysed" }>, source: SourceFile, functionName: string, options: EmulateOptions): Promise<readonly Run[]> {
    const { run, facts } = analysed;
    const { counterpart, model, signal } = options;
    const runs: Run[] = [];
    for (const candidate of run.candidates) {
      if (!takesPart(candidate, functionName)) continue;
      const decided = await this.#decide(candidate, analysed, model, signal, counterpart?.function ?? (isCounterpart(candidate, functionName) ? functionName : undefined));
      if (decided.shown === undefined && candidate.hypothesis.kind !== "reaches-wait" && candidate.hypothesis.kind !== "path") continue;
      const fixes = decided.evidence.verdict === "confirmed" ? await this.#verifiedFixes(candidate, analysed, source, signal) : [];
      runs.push(runOf(candidate, facts, decided, model, fixes));
    }
    return runs.toSorted((a, b) => weight(b.evidence) - weight(a.evidence));
  }

  /** `background`: functions whose own paths are not looked at. */
  #analyse(source: SourceFile, options: Pick<ReviewOptions, "rules" | "rulesAreAsked">, background?: ReadonlySet<string>): Analysed {
    const file = this.#host.readProject?.(source.file);
    const project = this.#projects.of(file);
    return withProjectTable(project.table, () => this.#analyseFor(project, source, options, unreadConfig(source.file, file, project), background));
  }

  #analyseFor(project: ProjectConfig, source: SourceFile, { rules, rulesAreAsked = false }: Pick<ReviewOptions, "rules" | "rulesAreAsked">, unread: readonly NotAnalysedRegion[], background?: ReadonlySet<string>): Analysed {
    const parsed = this.#parse(source, background);
    if (parsed.kind === "refused") return parsed;
    const all = runRules(parsed.facts, rules, rulesAreAsked ? new Set() : project.rulesOff);
    const joint = this.#jointReview(parsed.facts, all);
    const run = { ...all, candidates: all.candidates.filter((one) => one.needsCounterpart !== true || !lacksCounterpart(one.hypothesis) || joint.of(one).candidates.length > 0) };
    // Before a finding is told: what a host lacks is asked for with the headers. Without a candidate nobody wants to know.
    const built = run.candidates.length === 0 ? "any" : (this.#buildTree?.architecturesOf(source.file) ?? "any");
    return { kind: "analysed", facts: parsed.facts, run, built, project, unread, joint };
  }

  #jointReview(facts: FileFacts, { candidates }: RuleRun): JointReview {
    return new JointReview({
      facts, candidates, host: this.#host, builds: this.#buildTree,
      elsewhereOf: (file, includes) => this.#headers.elsewhereOf(file, includes, this.#host),
      parse: (source) => {
        const outcome = this.#parser.parse(source.text, { macros: this.#macros.of(source, this.#host) });
        return outcome.kind === "parsed" ? outcome.unit : undefined;
      },
    });
  }

  #parse(source: SourceFile, background?: ReadonlySet<string>): { readonly kind: "parsed"; readonly facts: FileFacts } | { readonly kind: "refused"; readonly reason: string } {
    const outcome = this.#parseFile(source, this.#macros.of(source, this.#host));
    if (outcome.kind !== "parsed") return outcome;
    return { kind: "parsed", facts: factsOf(source.file, outcome.unit, this.#headers.elsewhereOf(source.file, outcome.unit.includes, this.#host), [], background) };
  }

  /** With a counterpart of the file itself, else of another file of its folder, else with a synthetic one. */
  async #decide(candidate: Candidate, analysed: Extract<Analysed, { kind: "analysed" }>, model: JudgeOptions["model"], signal?: AbortSignal, only?: string): Promise<Decided> {
    const here = await this.#decideHere(candidate, analysed, model, signal, only);
    return only === undefined ? this.#decideElsewhere(candidate, here, analysed, model, signal) : here;
  }

  /** With what the file itself has on the other side; confirmed only where not all that gets there is called by other files at set-up and teardown alone. */
  async #decideHere(candidate: Candidate, analysed: Extract<Analysed, { kind: "analysed" }>, model: JudgeOptions["model"], signal?: AbortSignal, only?: string): Promise<Decided> {
    const { context } = analysed.run;
    const seen = await this.#decideIn(context, candidate, analysed, model, signal, only);
    if (seen.evidence.verdict !== "confirmed") return seen;
    const lives = withProjectTable(analysed.project.table, () => analysed.joint.lifeDoubtsOf(candidate));
    if (lives.size === 0) return seen;
    const among = (hypothesis: Candidate["hypothesis"]): Promise<Decided> => this.#decideIn(context, { ...candidate, hypothesis }, analysed, model, signal, only);
    const others = withoutRoots(candidate.hypothesis, new Set(lives.keys()));
    const without = others === undefined ? undefined : await among(others);
    // What the others do not confirm is not refuted by them: the hazard is there, if only at set-up and teardown.
    return without?.evidence.verdict === "confirmed" ? without : among(withDoubts(candidate.hypothesis, [...lives.values()]));
  }

  /** `here`, unless it is reached with a synthetic counterpart alone and another file of the folder has a real one. */
  async #decideElsewhere(candidate: Candidate, here: Decided, analysed: Extract<Analysed, { kind: "analysed" }>, model: JudgeOptions["model"], signal?: AbortSignal): Promise<Decided> {
    const { evidence, shown } = here;
    if (evidence.verdict !== "undecided" || evidence.counterpart?.synthetic !== true || shown === undefined || shown.judgement.positive === 0) return here;
    const { candidates, context, searched } = withProjectTable(analysed.project.table, () => analysed.joint.of(candidate));
    let open: Decided | undefined;
    for (const one of context === undefined ? [] : candidates) {
      const there = await this.#decideIn(context!, one, analysed, model, signal);
      if (there.evidence.verdict === "confirmed" && there.isUnreached !== true) return there;
      if (there.evidence.verdict === "undecided" && (there.shown?.judgement.positive ?? 0) > 0) open ??= there;
    }
    if (open !== undefined) return open;
    return searched === "" ? here : { ...here, evidence: { ...evidence, reason: `${evidence.reason} (${searched})` } };
  }

  async #decideIn(context: RuleContext, candidate: Candidate, { built, project }: Extract<Analysed, { kind: "analysed" }>, model: JudgeOptions["model"], signal?: AbortSignal, only?: string): Promise<Decided> {
    const tried: { attempt: Attempt; judgement: Judgement }[] = [];
    for (const attempt of withProjectTable(project.table, () => attemptsFor(candidate, context, only))) {
      signal?.throwIfAborted();
      const judgement = await this.#judge(attempt, { model }, signal);
      tried.push({ attempt, judgement });
      const far = decide(candidate, tried, built);
      if (far.evidence.verdict === "confirmed" && far.isUnreached !== true && candidate.hypothesis.kind !== "reaches-wait") return far;
    }
    return decide(candidate, tried, built);
  }

  /** Applies each proposal to the text, reviews the result, and sees what became of the finding. */
  async #verifiedFixes(candidate: Candidate, { run, facts }: Extract<Analysed, { kind: "analysed" }>, source: SourceFile, signal?: AbortSignal): Promise<readonly Fix[]> {
    const fixes: Fix[] = [];
    for (const proposal of candidate.fixes.slice(0, fixesMax)) {
      const edited = applyEdits(source, proposal.edits, this.#host);
      const verified = edited === undefined ? null : await this.#isRefutedAfter(candidate, run, edited, besideFix(facts, candidate, proposal.edits), signal);
      fixes.push({ title: proposal.title, verified, edits: proposal.edits });
    }
    return fixes.toSorted((a, b) => Number(b.verified === true) - Number(a.verified === true));
  }

  /** Refuted means: no finding of this rule about this function is left that is confirmed or open, and the edit brought none of another rule. */
  async #isRefutedAfter(candidate: Candidate, before: RuleRun, { source, host }: { readonly source: SourceFile; readonly host: ReviewHost }, beside: ReadonlySet<string>, signal?: AbortSignal): Promise<boolean | null> {
    // A fix has to do against any reader: no other file is asked for one.
    const { siblings: _, ...alone } = host;
    const after = new Reviewer(this.#parser, alone, this.#judge, { headers: this.#headers }).#analyse(source, { rules: "all" }, beside);
    if (after.kind === "refused" || after.facts.unit.notAnalysed.length > 0) return false;
    const known = new Set(before.candidates.map(subjectOf));
    for (const other of after.run.candidates) {
      const isSame = other.function === candidate.function && (other.rule === candidate.rule || other.hypothesis.kind === "use-after-free");
      if (!isSame && known.has(subjectOf(other))) continue;
      const { evidence } = await this.#decide(other, after, "lkmm", signal);
      if (!isSame && evidence.verdict !== "confirmed") continue;
      if (evidence.limit !== null && evidence.limit.kind !== "callees") return null;
      if (evidence.verdict !== "refuted") return false;
    }
    return true;
  }
}

const subjectOf = (candidate: Candidate): string => `${candidate.rule} ${candidate.function}`;

/** Candidates as their findings are sorted, without verdicts. */
function detectedIn({ run, facts }: Extract<Analysed, { kind: "analysed" }>): readonly { readonly candidate: Candidate; readonly finding: Finding }[] {
  return run.candidates
    .map((candidate) => ({ candidate, finding: findingOf(candidate, facts, null, unverified(candidate)) }))
    .toSorted(({ finding: a }, { finding: b }) => a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : 1));
}

/** The functions of the file that this one calls, nearest first. */
function calleesOf(functionName: string, facts: FileFacts): readonly string[] {
  const seen = new Set([functionName]);
  for (const name of seen) for (const callee of facts.callees.get(name) ?? []) seen.add(callee);
  return [...seen].slice(1);
}

function weight(evidence: EvidenceReport): number {
  return evidence.verdict === "confirmed" ? (evidence.class === null ? 2 : 3) : evidence.verdict === "undecided" ? 1 : 0;
}

function takesPart(candidate: Candidate, functionName: string): boolean {
  return candidate.function === functionName || candidate.path.some((step) => step.function === functionName) || isCounterpart(candidate, functionName);
}

function isCounterpart({ hypothesis }: Candidate, functionName: string): boolean {
  if (hypothesis.kind === "use-after-free") return hypothesis.sides.some((side) => side.readers.some((reader) => reader.trace.events[reader.obtain]?.function === functionName));
  if (hypothesis.kind === "lost-dependency") return hypothesis.publishers.some((one) => one.trace.events[one.store]?.function === functionName);
  if (hypothesis.kind === "race") return hypothesis.races.some(({ counterpart }) => counterpart !== null && "trace" in counterpart && counterpart.trace.events[counterpart.at]?.function === functionName);
  if (hypothesis.kind === "path") return hypothesis.columns.some(({ trace }) => trace.root === functionName);
  return false;
}

function unverified(candidate: Candidate): readonly Fix[] {
  return candidate.fixes.map((fix) => ({ title: fix.title, verified: null, edits: fix.edits }));
}

function refused(reason: string): FileReview {
  return { findings: [], outline: [], notAnalysed: [], missingHeaders: [], functions: 0, bytes: 0, refused: reason };
}

function reviewOf({ facts, unread }: Extract<Analysed, { kind: "analysed" }>, findings: readonly Finding[], source: SourceFile): FileReview {
  const position = positionsIn(facts.unit.text);
  return {
    findings,
    outline: facts.unit.functions.map(({ name, nameSpan, end }) => ({ name, ...position(nameSpan.start), endLine: position(end).line })),
    notAnalysed: [...unread, ...notAnalysedIn(facts)],
    missingHeaders: facts.missingHeaders(),
    functions: facts.functions.size,
    bytes: new TextEncoder().encode(source.text).length,
  };
}

/** Headers that were not read first: what they declare is not known, and is not passed over in silence. */
function notAnalysedIn({ file, unit, unreadHeaders }: FileFacts): readonly NotAnalysedRegion[] {
  const position = positionsIn(unit.text);
  const headers = unreadHeaders().flatMap(({ path, reason }) => {
    const include = unit.includes.find((one) => one.path === path);
    if (include === undefined) return [];
    const { line } = position(include.start);
    return [{ line, endLine: line, reason: unreadHeaderWords(path, reason) }];
  });
  return [...headers, ...unit.notAnalysed].map((region) => ({ file, ...region }));
}
