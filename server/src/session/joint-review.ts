/**
 * Counterparts in other files of the folder. A finding whose other side is nowhere in its own file is looked at once more
 * with the files beside it that name the same list or field, all read as one; what the rules say there of the same place is
 * taken where it stands on a counterpart of another file. Nothing is reported for the other files.
 */

import { lacksCounterpart, meetingDoubts, metElsewhere, otherRootsOf, rootsOf, sharedPlaces, withDoubts, type Met, type SharedPlace } from "../evidence/counterparts.ts";
import { summaryOfCode } from "../model/code-summary.ts";
import { factsOf, type FileFacts } from "../model/file-facts.ts";
import type { Elsewhere } from "../model/elsewhere.ts";
import { isCalledFromElsewhere } from "../model/protection.ts";
import { pathWalkers } from "../model/reader-entries.ts";
import type { FunctionDef, TranslationUnit } from "../syntax/c-syntax.ts";
import type { Candidate, RuleContext } from "../rules/rule.ts";
import { runRules, type RuleRun } from "../rules/run-rules.ts";
import { bounds } from "../model/trace.ts";
import { writtenName } from "../model/words.ts";
import type { BuildTree } from "./kconfig/build-tree.ts";
import { type Entered, FolderCallers } from "./folder-callers.ts";
import { HeaderIndex } from "./header-index.ts";
import { jointUnit, takingPart, type ReadFile } from "./joint-unit.ts";
import { linkedNames, privateNames, renamed, wordsOf } from "./private-names.ts";
import type { ReviewHost, SourceFile } from "./reviewer-types.ts";
import { mentions, namesField, siblingLimits, siblingsNaming, type Wanted } from "./sibling-files.ts";

/** Counterparts of other files that are tried for one finding. */
const counterpartsMax = 3;

export type JointOptions = {
  readonly facts: FileFacts;
  readonly candidates: readonly Candidate[];
  readonly host: ReviewHost;
  readonly builds: BuildTree | undefined;
  readonly elsewhereOf: (file: string, includes: TranslationUnit["includes"]) => Elsewhere;
  /** undefined: the file is refused. */
  readonly parse: (source: SourceFile) => TranslationUnit | undefined;
};

/** `candidates`: the finding with one counterpart each, the most certain first. `searched`: what was looked at, and what was not; "" where no folder can be listed. */
export type FoundElsewhere = { readonly candidates: readonly Candidate[]; readonly context: RuleContext | undefined; readonly searched: string };

type Joint = { readonly run: RuleRun; readonly others: ReadonlyMap<string, Elsewhere>; readonly cut: readonly string[] };

const nothing: FoundElsewhere = { candidates: [], context: undefined, searched: "" };

/** Of one review of one file; reads the other files when it is first asked. */
export class JointReview {
  readonly #options: JointOptions;
  readonly #open: readonly Candidate[];
  #callers: FolderCallers | undefined;
  #joint: Joint | { readonly cut: readonly string[] } | undefined;

  constructor(options: JointOptions) {
    this.#options = options;
    this.#open = options.candidates.filter(({ hypothesis }) => lacksCounterpart(hypothesis));
  }

  of(candidate: Candidate): FoundElsewhere {
    if (this.#options.host.siblings === undefined || !this.#open.includes(candidate)) return nothing;
    this.#joint ??= this.#read();
    const joint = this.#joint;
    const searched = joint.cut.join("; ");
    if (!("run" in joint)) return { ...nothing, searched };
    const { context } = joint.run;
    const same = joint.run.candidates.find(({ rule, at, function: name }) => rule === candidate.rule && at.start === candidate.at.start && name === candidate.function);
    if (same === undefined) return { ...nothing, searched };
    const places = sharedPlaces(candidate.hypothesis);
    const met = metElsewhere(same.hypothesis, context.facts).filter((one) => this.#isShared(places, one, joint));
    const judged = met.map((one) => ({ one, doubts: [...this.#buildDoubts(one, context.facts), ...this.#lifeDoubts(one, context.facts), ...meetingDoubts(one, places, context)] })).toSorted((a, b) => a.doubts.length - b.doubts.length);
    return {
      candidates: judged.slice(0, counterpartsMax).map(({ one, doubts }) => ({ ...same, hypothesis: withDoubts(one.hypothesis, doubts) })),
      context, searched,
    };
  }

  /**
   * Why a finding whose sides are both in the file may never happen: those of its functions that other files call, and
   * call at set-up and teardown alone.
   */
  lifeDoubtsOf({ hypothesis }: Candidate): ReadonlyMap<string, string> {
    const doubts = new Map<string, string>();
    const { facts, host } = this.#options;
    if (host.siblings === undefined) return doubts;
    for (const root of new Set([...rootsOf(hypothesis), ...otherRootsOf(hypothesis)])) {
      if (isCalledFromElsewhere(root, facts) && this.#enteredFrom(root, facts.file) === "life") doubts.set(root, `${root}() runs at set-up and teardown alone, as far as its callers are in sight`);
    }
    return doubts;
  }

  /** Both files see one definition of the struct, in a header; or one variable, which one of them defines for all. */
  #isShared(places: readonly SharedPlace[], { theirs }: Met, { others }: Joint): boolean {
    const own = this.#options.facts;
    const file = this.#fileOf(theirs.trace.events[theirs.at]?.at.start ?? 0);
    if (file === own.file) return true;
    const other = others.get(file);
    return other !== undefined && places.length > 0 && places.every((place) => {
      if (place.kind === "global") return own.globals.has(place.name) ? linkedNames(own.unit).has(place.name) : true;
      const here = own.structs.locate(place.struct);
      return here !== undefined && here.file !== own.file && here.file === other.struct(place.struct)?.file;
    });
  }

  #fileOf(offset: number): string {
    const joint = this.#joint;
    const parts = joint !== undefined && "run" in joint ? joint.run.context.facts.parts : [];
    return parts.findLast(({ start }) => start <= offset)?.file ?? this.#options.facts.file;
  }

  #buildDoubts({ theirs }: Met, facts: FileFacts): readonly string[] {
    const { builds, facts: { file } } = this.#options;
    const { root } = theirs.trace;
    const event = theirs.trace.events[theirs.at];
    const inOther = this.#fileOf(event?.at.start ?? 0);
    const other = inOther === file ? this.#fileOf(facts.functions.get(root)?.start ?? 0) : inOther;
    const together = builds?.togetherness(file, other) ?? "unknown";
    return together === "apart" ? [`${writtenName(facts, inOther === file ? root : event?.function ?? root)}() is in ${other}, and that one kernel has both files is not known`] : [];
  }

  /** Functions that other files call at set-up or teardown alone. */
  #lifeDoubts({ theirs, ours }: Met, facts: FileFacts): readonly string[] {
    const roots = new Set([theirs, ...ours].map(({ trace }) => trace.root));
    return [...roots].flatMap((root) => {
      const name = writtenName(facts, root);
      const entered = this.#enteredFrom(name, this.#fileOf(facts.functions.get(root)?.start ?? 0));
      if (entered === "other") return [];
      return [entered === "life" ? `${name}() runs at set-up and teardown alone, as far as its callers are in sight` : `not all callers of ${name}() were looked at: it may run at set-up and teardown alone`];
    });
  }

  #enteredFrom(name: string, file: string): Entered {
    const { facts: own, parse } = this.#options;
    this.#callers ??= new FolderCallers([{ file: own.file, text: own.unit.text }, ...this.#sources()], parse);
    return this.#callers.entered(name, file);
  }

  #sources(): readonly SourceFile[] {
    const { host, facts: { file } } = this.#options;
    return (host.siblings?.(file) ?? []).flatMap((sibling) => { const source = sibling.read(); return source === undefined || "refused" in source ? [] : [source]; });
  }

  #read(): Joint | { readonly cut: readonly string[] } {
    const { facts, host } = this.#options;
    const places = this.#open.flatMap(({ hypothesis, needsCounterpart }) => (needsCounterpart ? [] : sharedPlaces(hypothesis)));
    const own = { unit: facts.unit, elsewhere: this.#options.elsewhereOf(facts.file, facts.unit.includes) };
    const walked = this.#walked(own.elsewhere);
    const wanted = [...this.#wantedFor(places), ...walked.entries];
    const { files, cut } = siblingsNaming([...wanted, ...walked.names], facts.file, host);
    const { read, unread } = this.#readApart(files);
    if (read.length === 0) return { cut: [...cut, ...unread] };
    const roots = new Set(this.#open.flatMap(({ hypothesis }) => rootsOf(hypothesis)).filter((name) => facts.functions.get(name)?.isStatic === false));
    const seeds = new Set(read.flatMap(({ unit }) => unit.functions.filter((fn) => callsOneOf(fn, roots) || wanted.some((one) => mentions(one, unit.text.slice(fn.start, fn.end)))).map(({ name }) => name)));
    const { names, background, isCut } = takingPart(seeds, read.map(({ unit }) => unit), siblingLimits.functionsMax);
    const joint = jointUnit(own, read, ({ name }) => names.has(name));
    const jointFacts = factsOf(facts.file, joint.unit, joint.elsewhere, joint.parts, new Set([...background, ...this.#unasked(wanted)]));
    const rules = [...new Set(this.#open.map(({ rule }) => rule))];
    return {
      run: runRules(jointFacts, rules, new Set(), { ...bounds, stepsMax: siblingLimits.stepsMax }),
      others: new Map(read.map(({ file, elsewhere }) => [file, elsewhere])),
      cut: [...cut, ...unread, ...(isCut ? [`only ${String(siblingLimits.functionsMax)} functions of the files beside it were followed`] : [])],
    };
  }

  /** Functions of the file itself that neither an open finding nor what it is about leads to: their own paths are not looked at once more. */
  #unasked(wanted: readonly Wanted[]): readonly string[] {
    const { facts } = this.#options;
    const found = new Set(this.#open.flatMap(({ hypothesis, function: name, path }) => [name, ...path.map((step) => step.function), ...rootsOf(hypothesis), ...otherRootsOf(hypothesis)]));
    for (const fn of facts.functions.values()) if (wanted.some((one) => mentions(one, facts.unit.text.slice(fn.start, fn.end)))) found.add(fn.name);
    for (const name of found) if (facts.functions.get(name)?.isStatic === true) for (const caller of facts.callers.get(name) ?? []) found.add(caller);
    return [...facts.functions.keys()].filter((name) => !found.has(name));
  }

  /** The places, what headers that define their structs do with them, and readers of the file itself, which may be in a section that another file enters. */
  #wantedFor(places: readonly SharedPlace[]): readonly Wanted[] {
    const { facts } = this.#options;
    const calls = (names: Iterable<string>): readonly Wanted[] => [...names].map((name) => ({ kind: "call", name }));
    const inHeaders = places.flatMap((place) => {
      const header = place.kind === "global" ? undefined : facts.structs.locate(place.struct);
      return header === undefined || header.file === facts.file ? [] : new HeaderIndex(header.text).namesOf((text) => namesField(place, text));
    });
    const direct = [...places, ...calls(new Set(inHeaders))];
    const users = [...facts.functions.values()].flatMap((fn) => {
      const text = facts.unit.text.slice(fn.start, fn.end);
      return reads.test(text) && direct.some((one) => mentions(one, text)) ? [fn.name] : [];
    });
    for (const name of users) if (facts.functions.get(name)?.isStatic === true) for (const caller of facts.callers.get(name) ?? []) if (!users.includes(caller)) users.push(caller);
    return [...direct, ...calls(users.filter((name) => facts.functions.get(name)?.isStatic === false))];
  }

  /** For what a path walk may still read: its functions, and the names by which files of the folder come to it. */
  #walked(elsewhere: Elsewhere): { readonly entries: readonly Wanted[]; readonly names: readonly Wanted[] } {
    const places = this.#open.flatMap(({ hypothesis, needsCounterpart }) => (needsCounterpart ? sharedPlaces(hypothesis) : []));
    if (places.length === 0) return { entries: [], names: [] };
    const texts = this.#sources().map(({ text }) => text);
    const walkers = new Set(texts.flatMap((text) => [...text.matchAll(pathWalkers)].map(([, name = ""]) => name)));
    // Of the folder, not of the kernel: generic_permission().
    const entries = [...walkers].filter((name) => texts.some((text) => new RegExp(`^(?:\\w[^;=\n]*\\W)?${name}\\(`, "m").test(text))).map((name): Wanted => ({ kind: "entry", name }));
    const isAccessor = (name: string): boolean => {
      const found = elsewhere.definition(name);
      return found?.isNear === true && places.some((place) => namesField(place, found.kind === "function" ? found.text : found.body));
    };
    const called = new Set([...this.#options.facts.calledNames.values()].flatMap((names) => [...names]));
    return { entries, names: [...places, ...[...called].filter(isAccessor).map((name): Wanted => ({ kind: "call", name }))] };
  }

  /** Parsed, with private names changed that another of the files knows as well. */
  #readApart(files: readonly SourceFile[]): { readonly read: readonly ReadFile[]; readonly unread: readonly string[] } {
    const { facts, parse, elsewhereOf } = this.#options;
    const unread: string[] = [];
    const units: { readonly source: SourceFile; readonly unit: TranslationUnit }[] = [];
    const linked = new Set(linkedNames(facts.unit));
    for (const source of files) {
      const unit = parse(source);
      const theirs = unit === undefined ? new Set<string>() : linkedNames(unit);
      const twice = [...theirs].find((name) => linked.has(name));
      if (unit === undefined) unread.push(`${source.file} could not be read`);
      else if (twice !== undefined) unread.push(`${source.file} was left out: it defines ${twice} as well, so no build has both`);
      else {
        units.push({ source, unit });
        for (const name of theirs) linked.add(name);
      }
    }
    const words = [facts.unit.text, ...units.map(({ source }) => source.text)].map(wordsOf);
    const owned = [facts.unit, ...units.map(({ unit }) => unit)].map(privateNames);
    const read = units.flatMap(({ source, unit }, index): ReadFile[] => {
      const here = words[index + 1]!;
      const clash = new Map<string, string>();
      owned.forEach((names, of) => {
        for (const name of names) if (here.has(name) && (of !== index + 1 || words.some((known, other) => other !== index + 1 && known.has(name)))) clash.set(name, `${name}_of_${stemOf(source.file)}`);
      });
      const apart = clash.size === 0 ? unit : parse({ file: source.file, text: renamed(source.text, clash) });
      return apart === undefined ? [] : [{ file: source.file, unit: apart, elsewhere: elsewhereOf(source.file, apart.includes), names: new Map([...clash].map(([name, changed]) => [changed, name])) }];
    });
    return { read, unread };
  }
}

/** What a reader of a pointer or a list says, by its words. */
const reads = /\bs?rcu_dereference(?!_protected)|for_each\w*_rcu|READ_ONCE/;

const callsOneOf = (fn: FunctionDef, names: ReadonlySet<string>): boolean => names.size > 0 && [...summaryOfCode(fn).called].some((name) => names.has(name));

const stemOf = (file: string): string => (file.split("/").at(-1) ?? file).replace(/\W+/g, "_");
