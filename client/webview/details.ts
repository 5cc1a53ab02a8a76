/** The words around the table: what was found, why the execution is allowed, what mends it, and what the verdict rests on. */

import type { EvidenceReport, Ladder, Replay, Run } from "../../server/src/protocol/index.ts";
import { button, el } from "./dom.ts";
import { verdictWords } from "./stepping.ts";

export function heading(run: Run, about: string, explainRule: (rule: string) => void): readonly HTMLElement[] {
  return [
    el("h1", {}, run.title),
    el("p", { class: "message" }, el("strong", { class: `verdict ${run.evidence.verdict}` }, verdictWords(run)), " ", run.message),
    el("p", { class: "about" },
      button({ class: "link", title: `Explain ${run.rule}` }, run.rule, () => explainRule(run.rule)),
      el("span", {}, `model ${run.model}`),
      el("span", {}, `Replayed: ${about}`)),
  ];
}

/** Where nothing of the function runs beside anything else, and there is nothing to step through. */
export function emptyHeading(replay: Replay): readonly HTMLElement[] {
  return [el("h1", {}, `${replay.function}()`), el("p", { class: "message" }, replay.about)];
}

/** Sections with nothing to say are left out. */
export function details(run: Run): readonly HTMLElement[] {
  return [...whySection(run), ...fixSection(run), verdictSection(run), ...assumptionSection(run.evidence), ...keySection(run)];
}

function whySection(run: Run): readonly HTMLElement[] {
  if (run.why.length === 0 && run.need === "") return [];
  const { verdict, class: need } = run.evidence;
  const reaches = need !== null || run.steps.some((step) => step.hazard);
  const title = reaches ? "Why this is allowed" : verdict === "refuted" ? "Why it is not reached" : "What the steps read";
  const example = verdict === "refuted" && run.steps.length > 0 && run.why.length > 0;
  return [section(title,
    ...(run.need === "" ? [] : [el("p", {}, run.need)]),
    ...(example ? [el("p", {}, "The execution shown is one of those that were explored:")] : []),
    ...list(run.why))];
}

function fixSection(run: Run): readonly HTMLElement[] {
  return run.fix.length === 0 ? [] : [section("Smallest fix", ...list(run.fix))];
}

function verdictSection(run: Run): HTMLElement {
  const { evidence } = run;
  const facts: (readonly [string, string])[] = [["Verdict", evidence.reason === "" ? verdictWords(run) : `${verdictWords(run)}, ${evidence.reason}`]];
  if (evidence.executions > 0) facts.push(["Explored", `${evidence.executions} ${evidence.executions === 1 ? "execution" : "executions"}, model ${run.model}`]);
  if (evidence.class !== null) facts.push(["Weakest need", evidence.class]);
  if (evidence.limit !== null) facts.push(["Limit met", `${evidence.limit.kind}, ${evidence.limit.value}`]);
  if (evidence.counterpart !== null) facts.push(["Counterpart", counterpartWords(evidence.counterpart)]);
  if (run.litmus !== "") facts.push(["As a litmus test", `${run.counts.observation}, ${run.counts.positive} positive, ${run.counts.negative} negative`]);
  return section("Verdict",
    el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    ...(evidence.ladder === null ? [] : [ladderTable(evidence.ladder)]));
}

function counterpartWords({ function: name, file, line, synthetic }: NonNullable<EvidenceReport["counterpart"]>): string {
  return synthetic ? `${name}, made up: no function of the file takes this part` : `${name}(), ${file}:${line}`;
}

const models: readonly (readonly [keyof Ladder, string])[] = [
  ["sc", "interleaving only (sc)"],
  ["tso", "store buffers (tso)"],
  ["mca", "weak, multi-copy atomic (mca)"],
  ["lkmm", "kernel memory model (lkmm)"],
];

function ladderTable(ladder: Ladder): HTMLElement {
  return el("table", { class: "ladder" },
    el("caption", {}, "The hazard under each model"),
    el("thead", { class: "unseen" }, el("tr", {}, el("th", { scope: "col" }, "Model"), el("th", { scope: "col" }, "Hazard"))),
    el("tbody", {}, ...models.map(([model, words]) => el("tr", {}, el("th", { scope: "row" }, words), el("td", {}, ladder[model])))));
}

function assumptionSection(evidence: EvidenceReport): readonly HTMLElement[] {
  return evidence.assumptions.length === 0 ? [] : [section("Assumptions", ...list(evidence.assumptions))];
}

function keySection(run: Run): readonly HTMLElement[] {
  return run.steps.length === 0 ? [] : [section("Keys", el("p", { class: "keys" }, keys))];
}

const keys = "j and k or the arrow keys: step and back. Home, End: first, last. h: to the hazard. n, N: next and previous run. y: copy. Enter: source of the step. Escape: back to the editor.";

function section(title: string, ...content: readonly HTMLElement[]): HTMLElement {
  return el("section", {}, el("h2", {}, title), ...content);
}

function list(sentences: readonly string[]): readonly HTMLElement[] {
  return sentences.length === 0 ? [] : [el("ul", {}, ...sentences.map((sentence) => el("li", {}, sentence)))];
}
