// The language server as an editor meets it: the built bundle, over stdio.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type CodeAction, CancellationTokenSource, type Diagnostic, DiagnosticSeverity, type DocumentDiagnosticReport, type TextDocumentEdit } from "vscode-languageserver/node";
import type { Finding, ReplayTextResult } from "../src/protocol/index.ts";
import { cliPath } from "./cli-harness.ts";
import { harmlessDriver, hazardousDriver } from "./cli-samples.ts";
import { type ClientOptions, confirmed, fullCapabilities, pullingCapabilities, resolvingCapabilities, settled, TestEditor, words } from "./lsp-harness.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const rcuHead = "\tstruct rcu_head rcu;\n";
/** The struct in a header of its own, without the member that the fix needs. */
const structText = hazardousDriver.slice(hazardousDriver.indexOf("struct sample_bond {"), hazardousDriver.indexOf("struct sample_domain {")).trimEnd();
const header = `#include <linux/list.h>\n\n${structText.replace(rcuHead, "")}\n`;
const driverWithHeader = hazardousDriver.replace(structText, '#include "sample.h"');

let editor: TestEditor | undefined;
const start = async (files: Readonly<Record<string, string>>, options?: ClientOptions): Promise<TestEditor> => (editor = await TestEditor.start(files, options));
afterEach(async () => {
  const running = editor;
  editor = undefined;
  const status = await running?.stop();
  expect(running?.stderr ?? "").toBe("");
  expect(status ?? 0).toBe(0);
});

const findingsOf = (diagnostics: readonly Diagnostic[]): readonly Finding[] => diagnostics.map(({ data }) => data as Finding);
const lineWith = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split("\n").length - 1;
const insertionAtEnd = (text: string, newText: string): { range: { start: { line: number; character: number }; end: { line: number; character: number } }; newText: string } => {
  const end = { line: text.split("\n").length - 1, character: 0 };
  return { range: { start: end, end }, newText };
};

describe("a hazardous driver", () => {
  it("is confirmed, fixed with a versioned edit, and clean afterwards", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const opened = performance.now();
    const uri = await here.open("driver.c");
    await here.until(() => here.published.length > 0);
    const first = performance.now() - opened;
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    console.log(`first diagnostics ${first.toFixed(0)} ms, verdict ${(performance.now() - opened).toFixed(0)} ms after opening`);

    expect(diagnostic).toMatchObject({ severity: DiagnosticSeverity.Error, source: "quiesce", code: "rcu/free-before-grace-period" });
    expect(diagnostic?.range.start).toEqual({ line: lineWith(hazardousDriver, "kfree(bond)"), character: 1 });
    expect(diagnostic?.message).toMatch(/^bond is freed while sample_flush \(line \d+\) may still hold it\nconfirmed: /);
    const race = diagnostic?.relatedInformation?.map(({ message }) => message) ?? [];
    expect(race.join("; ")).toMatch(/^sample_detach\(\), entry; 1\. Reader: rcu_read_lock\(\); .*Updater: list_del_rcu\(&bond->list\); \d\. Updater: kfree\(bond\); .*freed memory/);
    expect(race.slice(1).map((message) => Number(message.split(".")[0]))).toEqual(race.slice(1).map((_, index) => index + 1));
    const page = diagnostic?.codeDescription?.href ?? "";
    expect(page).toMatch(/^file:.*docs\/rules\/rcu\/free-before-grace-period\.md$/);
    expect(readFileSync(new URL(page), "utf8")).toContain("# rcu/free-before-grace-period");
    expect(here.published[0]?.diagnostics.map((one) => ({ severity: one.severity, lastWords: words(one).split("\n").at(-1) }))).toEqual([{ severity: DiagnosticSeverity.Hint, lastWords: "not yet tried" }]);

    const [action] = await here.codeActions(uri, diagnostic!);
    expect(action).toMatchObject({ kind: "quickfix", isPreferred: true });
    expect(action?.title).toMatch(/kfree_rcu/);
    expect((action?.edit?.documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument)).toEqual([{ uri, version: 1 }]);
    const applied = performance.now();
    await here.apply(action!.edit!);
    await here.diagnostics(uri, (diagnostics) => diagnostics.length === 0, 2);
    console.log(`clean ${(performance.now() - applied).toFixed(0)} ms after the fix`);
    expect(here.text(uri)).toContain("kfree_rcu(bond, rcu);");
  });

  it("gives the finding of `quiesce check --format json` as data", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    // The report comes after the fixes were tried, the first verdict before.
    const diagnostics = await here.diagnostics(await here.open("driver.c"), (all) => confirmed(all) && findingsOf(all).every(({ fixes }) => fixes.every(({ verified }) => verified !== null)));
    const report = runCli(here.folder, "check", "--format", "json", "driver.c");
    expect(findingsOf(diagnostics)).toEqual((JSON.parse(report) as { findings: Finding[] }).findings);
  });

  it("keeps its verdict while one types elsewhere", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    await here.diagnostics(uri, confirmed);
    const before = here.published.length;
    for (const text of ["/* a */\n", "/* b */\n", "int x;\n"]) await here.change(uri, [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, newText: text }]);
    const [diagnostic] = await here.diagnostics(uri, confirmed, 4);
    expect(diagnostic?.range.start.line).toBe(lineWith(hazardousDriver, "kfree(bond)") + 3);
    for (const { diagnostics } of here.published.slice(before)) expect(confirmed(diagnostics)).toBe(true);
    // Three quick edits are one review.
    expect(here.published.slice(before).map(({ version }) => version)).not.toContain(2);
  });

  it("gets no verdict for a version that is gone", async () => {
    const dist = gatedDist();
    try {
      const here = await start({ "driver.c": hazardousDriver }, { cli: dist.cli });
      const uri = await here.open("driver.c");
      await here.diagnostics(uri, (diagnostics) => diagnostics.length === 1, 1);
      const line = lineWith(hazardousDriver, "kfree(bond)");
      await here.change(uri, [{ range: { start: { line, character: 0 }, end: { line: line + 1, character: 0 } }, newText: "\tkfree_rcu(bond, rcu);\n" }]);
      await here.diagnostics(uri, () => true, 2);
      dist.open();
      await here.diagnostics(uri, (diagnostics) => diagnostics.length === 0, 2);
      expect(here.published.filter(({ diagnostics }) => confirmed(diagnostics))).toEqual([]);
      expect(here.log).toEqual([]);
    } finally {
      dist.remove();
    }
  });

  it("leaves nothing behind when it is closed", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    await here.diagnostics(uri, confirmed);
    await here.connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
    await here.diagnostics(uri, (diagnostics) => diagnostics.length === 0);
  });

  it("shows no refuted finding, and none for a driver without hazard", async () => {
    const fixed = readFileSync(resolve(dirname(cliPath), "../examples/riscv-bond-fixed.c"), "utf8");
    const here = await start({ "fixed.c": fixed, "harmless.c": harmlessDriver });
    await here.diagnostics(await here.open("harmless.c"), (diagnostics) => diagnostics.length === 0);
    await here.diagnostics(await here.open("fixed.c"), (diagnostics) => diagnostics.length === 0);
  });
});

describe("a fix", () => {
  it("is disabled with a reason while the text is newer than the finding", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    await here.change(uri, [insertionAtEnd(hazardousDriver, "int x;\n")]);
    const [stale] = await here.codeActions(uri, diagnostic!);
    expect(stale?.disabled?.reason).toMatch(/the text has changed/);
    expect(stale?.edit).toBeUndefined();
    await here.diagnostics(uri, (diagnostics) => confirmed(diagnostics) && settled(diagnostics), 2);
    await here.until(() => here.published.filter(({ version }) => version === 2).length >= 2);
    const [fresh] = await here.codeActions(uri, diagnostic!);
    expect(fresh?.disabled).toBeUndefined();
  });

  it("chosen after the text changed is refused with a message", async () => {
    const here = await start({ "driver.c": hazardousDriver }, { capabilities: resolvingCapabilities });
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    const [action] = await here.codeActions(uri, diagnostic!);
    expect(action?.edit).toBeUndefined();
    const resolved = await here.request<CodeAction>("codeAction/resolve", action);
    expect((resolved.edit?.documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument.version)).toEqual([1]);
    await here.change(uri, [insertionAtEnd(hazardousDriver, "int x;\n")]);
    const late = await here.request<CodeAction>("codeAction/resolve", action);
    expect(late.edit).toBeUndefined();
    await here.until(() => here.messages.length > 0);
    expect(here.messages).toEqual([expect.stringMatching(/^Quiesce: "Free bond .*" was not applied: the text has changed since\./)]);
  });

  it("reaches into the header that holds the struct, open or not", async () => {
    const here = await start({ "driver.c": driverWithHeader, "sample.h": header });
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    const [action] = await here.codeActions(uri, diagnostic!);
    const versions = (action?.edit?.documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument);
    expect(versions).toEqual(expect.arrayContaining([{ uri, version: 1 }, { uri: here.uri("sample.h"), version: null }]));
    await here.apply(action!.edit!);
    await here.diagnostics(uri, (diagnostics) => diagnostics.length === 0, 2);
    expect(here.text(here.uri("sample.h"))).toContain(rcuHead);
    expect(here.text(uri)).toContain("kfree_rcu(bond, rcu)");
  });

  it("sees the open header before the one on disk, and refuses when it changed", async () => {
    const here = await start({ "driver.c": driverWithHeader, "sample.h": header }, { capabilities: resolvingCapabilities });
    const headerUri = await here.open("sample.h");
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    const [action] = await here.codeActions(uri, diagnostic!);
    const resolved = await here.request<CodeAction>("codeAction/resolve", action);
    expect((resolved.edit?.documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument)).toEqual(expect.arrayContaining([{ uri: headerUri, version: 1 }]));
    // The member is typed by hand: the driver is reviewed again, and its fix needs the header no more.
    await here.change(headerUri, [{ range: { start: { line: 3, character: 0 }, end: { line: 3, character: 0 } }, newText: rcuHead }]);
    const late = await here.request<CodeAction>("codeAction/resolve", action);
    expect(late.edit).toBeUndefined();
    const count = here.published.filter((one) => one.uri === uri).length;
    await here.until(() => here.published.filter((one) => one.uri === uri).length >= count + 2);
    const [next] = await here.codeActions(uri, diagnostic!);
    const again = await here.request<CodeAction>("codeAction/resolve", next);
    expect((again.edit?.documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument.uri)).toEqual([uri]);
  });

  it("comes as plain changes where the client knows no document changes, and only when asked for", async () => {
    const capabilities = { ...fullCapabilities, workspace: {} };
    const here = await start({ "driver.c": hazardousDriver }, { capabilities });
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    const [action] = await here.codeActions(uri, diagnostic!);
    expect(Object.keys(action?.edit?.changes ?? {})).toEqual([uri]);
    const params = { textDocument: { uri }, range: diagnostic!.range, context: { diagnostics: [], only: ["refactor"] } };
    expect(await here.request("textDocument/codeAction", params)).toEqual([]);
  });
});

describe("a client that pulls diagnostics", () => {
  it("is pushed none, is told when verdicts are there, and gets `unchanged` for what it has", async () => {
    const here = await start({ "driver.c": hazardousDriver }, { capabilities: pullingCapabilities });
    expect(here.initialized?.capabilities.diagnosticProvider).toMatchObject({ identifier: "quiesce" });
    const uri = await here.open("driver.c");
    const pull = (previousResultId?: string): Promise<DocumentDiagnosticReport> => here.request("textDocument/diagnostic", { textDocument: { uri }, ...(previousResultId === undefined ? {} : { previousResultId }) });
    const first = await pull();
    if (first.kind !== "full") throw new Error("the first report must be full");
    expect(first.items).toHaveLength(1);
    await here.until(() => here.refreshCount > 0);
    const second = await pull(first.resultId);
    if (second.kind !== "full") throw new Error("the verdict is news");
    expect(confirmed(second.items)).toBe(true);
    let { resultId } = second;
    let last = await pull(resultId);
    // The fixes may have been tried meanwhile, which is news once more; after that there is none.
    if (last.kind === "full") last = await pull((resultId = last.resultId));
    expect(last).toEqual({ kind: "unchanged", resultId });
    expect(here.published).toEqual([]);
  });

  it("gets the verdicts at once when it cannot be told to pull again", async () => {
    const here = await start({ "driver.c": hazardousDriver }, { capabilities: { textDocument: { diagnostic: {} } } });
    const uri = await here.open("driver.c");
    const report = await here.request<DocumentDiagnosticReport>("textDocument/diagnostic", { textDocument: { uri } });
    expect(report.kind === "full" && confirmed(report.items)).toBe(true);
  });

  it("others are not offered it, and are pushed to", async () => {
    const here = await start({ "driver.c": hazardousDriver }, { capabilities: {} });
    expect(here.initialized?.capabilities.diagnosticProvider).toBeUndefined();
    const [diagnostic] = await here.diagnostics(await here.open("driver.c"), confirmed);
    expect(diagnostic?.relatedInformation).toBeUndefined();
    expect(diagnostic?.codeDescription).toBeUndefined();
  });
});

describe("the replay as text", () => {
  it("is what `quiesce emulate` prints", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    const expected = runCli(here.folder, "emulate", "driver.c:sample_detach");
    const position = { line: lineWith(hazardousDriver, "kfree(bond)"), character: 0 };
    expect(await here.request<ReplayTextResult>("quiesce/replayText", { textDocument: { uri }, position })).toEqual({ text: expected });
    expect(await here.request<ReplayTextResult>("quiesce/replayText", { textDocument: { uri }, function: "sample_detach" })).toEqual({ text: expected });
    expect(await here.request<string>("workspace/executeCommand", { command: "quiesce.emulateFunction", arguments: [uri, position] })).toBe(expected);
    expect(await here.request<string>("workspace/executeCommand", { command: "quiesce.emulateFunction", arguments: [{ textDocument: { uri }, function: "sample_detach" }] })).toBe(expected);
  });

  it("works on the reader's side, and says so where there is nothing to replay", async () => {
    const here = await start({ "driver.c": hazardousDriver, "harmless.c": harmlessDriver });
    const uri = await here.open("driver.c");
    const reader = await here.request<{ text: string }>("quiesce/replayText", { textDocument: { uri }, function: "sample_flush" });
    expect(reader.text).toContain("sample_flush()");
    const harmless = await here.open("harmless.c");
    const nothing = await here.request<{ text: string }>("quiesce/replayText", { textDocument: { uri: harmless }, position: { line: 2, character: 0 } });
    expect(nothing.text).toMatch(/^Nothing to replay: sample_add\(\)/);
  });

  it("is stale when the text changes meanwhile", async () => {
    const dist = gatedDist();
    try {
      const here = await start({ "driver.c": hazardousDriver }, { cli: dist.cli });
      const uri = await here.open("driver.c");
      const asked = here.request<ReplayTextResult>("quiesce/replayText", { textDocument: { uri }, function: "sample_detach" });
      await here.change(uri, [insertionAtEnd(hazardousDriver, "int x;\n")]);
      await here.diagnostics(uri, () => true, 2);
      dist.open();
      expect(await asked).toEqual({ stale: true });
    } finally {
      dist.remove();
    }
  });

  it("can be cancelled, shows its progress, and can be asked again", async () => {
    const dist = gatedDist();
    try {
      const here = await start({ "driver.c": hazardousDriver }, { cli: dist.cli });
      const uri = await here.open("driver.c");
      const source = new CancellationTokenSource();
      const params = { textDocument: { uri }, function: "sample_detach", workDoneToken: "w" };
      const asked = here.connection.sendRequest("quiesce/replayText", params, source.token);
      const refused = expect(asked).rejects.toMatchObject({ code: -32800 });
      await here.until(() => here.progress.length === 1);
      source.cancel();
      await refused;
      await here.until(() => here.progress.length === 2);
      expect(here.progress.map(({ kind }) => kind)).toEqual(["begin", "end"]);
      dist.open();
      expect(await here.request<{ text: string }>("quiesce/replayText", params)).toMatchObject({ text: expect.stringMatching(/^CONFIRMED: /) as string });
    } finally {
      dist.remove();
    }
  });

  it.each([
    [{ function: "sample_detech" }, /^driver\.c: no function sample_detech \(did you mean sample_detach\b/],
    [{ position: { line: 0, character: 0 } }, /^no function of driver\.c is at this position/],
    [{ position: { line: "x" } }, /position must have line and character/],
    [{}, /position or function is missing/],
  ])("answers %j in one line", async (target, expected) => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    await expect(here.request("quiesce/replayText", { textDocument: { uri }, ...target })).rejects.toThrow(expected);
    await expect(here.request("quiesce/replayText", null)).rejects.toThrow(/textDocument\.uri is missing/);
    await expect(here.request("quiesce/replayText", { textDocument: { uri: here.uri("missing.c") }, function: "f" })).rejects.toThrow(/no such document/);
    expect(here.log).toEqual([]);
  });
});

describe("bad input", () => {
  const unbalanced = hazardousDriver.replace("rcu_read_unlock();\n\treturn sum;\n}", "rcu_read_unlock();\n\tif (sum) {\n\treturn sum;\n}");

  it.each([
    ["binary", "\u007fELF\0\u0001\u0002\0", DiagnosticSeverity.Information, /^not analysed: the file holds NUL bytes/],
    ["unbalanced braces", unbalanced, DiagnosticSeverity.Hint, /^not analysed: /],
  ])("%s is reported, never silently clean", async (_, text, severity, message) => {
    const here = await start({ "bad.c": text, "good.c": hazardousDriver });
    const uri = await here.open("bad.c");
    const diagnostics = await here.diagnostics(uri, (all) => all.some(({ code }) => code === "not-analysed"));
    expect(diagnostics.find(({ code }) => code === "not-analysed")).toMatchObject({ severity, message: expect.stringMatching(message) as string });
    await here.diagnostics(await here.open("good.c"), confirmed);
  });

  it("a header that is no text is named where it is included, and the file is reviewed without it", async () => {
    const here = await start({ "driver.c": `#include "nul.h"\n${hazardousDriver}`, "nul.h": "struct nul { int a; };\0" });
    const diagnostics = await here.diagnostics(await here.open("driver.c"), confirmed);
    expect(diagnostics.find(({ code }) => code === "not-analysed")).toMatchObject({ range: { start: { line: 0 } }, message: "not analysed: the header nul.h was not read: binary file, not C" });
  });

  it("an empty document and garbage are survived", async () => {
    const here = await start({ "empty.c": "", "garbage.c": `${"}{)(".repeat(2_000)}\n#define\n\u{1F600}` });
    await here.diagnostics(await here.open("empty.c"), (diagnostics) => diagnostics.length === 0);
    await here.diagnostics(await here.open("garbage.c"), () => true);
    expect(here.log).toEqual([]);
  });

  it("a request for a document that is not open, and one that does not exist, do no harm", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    expect(await here.codeActions(here.uri("driver.c"), { line: 0, character: 0 })).toEqual([]);
    await expect(here.request("quiesce/nothing", {})).rejects.toThrow(/nothing/);
    const uri = await here.open("driver.c");
    await here.diagnostics(uri, confirmed);
    await expect(here.request("textDocument/codeAction", { textDocument: { uri }, context: {} })).rejects.toThrow(/^Quiesce could not answer textDocument\/codeAction/);
    await expect(here.request("codeAction/resolve", { title: "x", data: { uri: 1 } })).rejects.toThrow(/not one of Quiesce's/);
    expect(here.log.join("\n")).toMatch(/^textDocument\/codeAction: /);
    expect(here.log.join("\n")).not.toMatch(/^\s+at /m);
    // A message that is no JSON, and one that is no message.
    for (const body of ["{ nonsense", "[1, 2]"]) here.server.stdin.write(`Content-Length: ${String(body.length)}\r\n\r\n${body}`);
    await here.change(uri, [insertionAtEnd(hazardousDriver, "int x;\n")]);
    await here.diagnostics(uri, confirmed, 2);
  });

  it("a setting of the wrong shape is named, and its default taken", async () => {
    const configuration = { emulate: "yes", rules: { "rcu/nonsense": true }, kernel: "/no/such/folder", trace: { server: "off" } };
    const here = await start({ "driver.c": hazardousDriver }, { capabilities: { ...fullCapabilities, workspace: { ...fullCapabilities.workspace, configuration: true } }, configuration });
    await here.diagnostics(await here.open("driver.c"), confirmed);
    await here.until(() => here.messages.length >= 3);
    expect(here.messages.toSorted()).toEqual([
      'Quiesce: quiesce.emulate must be true or false, not "yes"; the default is used.',
      "Quiesce: quiesce.kernel: there is no folder /no/such/folder; the nearest kernel tree is used.",
      'Quiesce: quiesce.rules names an unknown rule, "rcu/nonsense".',
    ]);
  });

  it("a client with a command of that name is not offered ours", async () => {
    const here = await start({}, { initializationOptions: { commands: false } });
    expect(here.initialized?.capabilities.executeCommandProvider).toBeUndefined();
    await here.stop();
    editor = await TestEditor.start({});
    expect(editor.initialized?.capabilities.executeCommandProvider?.commands).toEqual(["quiesce.emulateFunction"]);
  });

  it("settings are obeyed, also when they change", async () => {
    const here = await start({ "driver.c": hazardousDriver }, { initializationOptions: { emulate: false } });
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, (diagnostics) => diagnostics.length === 1);
    expect(diagnostic).toMatchObject({ severity: DiagnosticSeverity.Error, message: expect.stringMatching(/^bond is freed while sample_flush \(line \d+\) may still hold it$/) as string });
    await here.connection.sendNotification("workspace/didChangeConfiguration", { settings: { quiesce: { rules: { "rcu/free-before-grace-period": false } } } });
    await here.diagnostics(uri, (diagnostics) => diagnostics.length === 0);
    await here.connection.sendNotification("workspace/didChangeConfiguration", { settings: { quiesce: {} } });
    await here.diagnostics(uri, confirmed);
  });
});

describe("a driver of 5,000 lines", () => {
  const filler = (n: number): string => `static int filler_${String(n)}(struct sample_domain *domain, int n)\n{\n\tint sum = 0;\n\n\tif (n > ${String(n)})\n\t\tsum += n * 2;\n\twhile (sum < n)\n\t\tsum += READ_ONCE(domain->count);\n\treturn sum;\n}\n\n`;

  it("does not slow typing down: the server answers while it is reviewed", async () => {
    const text = `${hazardousDriver}\n${Array.from({ length: 450 }, (_, n) => filler(n)).join("")}`;
    const here = await start({ "large.c": text });
    const opened = performance.now();
    const uri = await here.open("large.c");
    await here.diagnostics(uri, confirmed);
    const verdictMs = performance.now() - opened;
    const answersMs: number[] = [];
    for (let key = 0; key < 30; key++) {
      await here.change(uri, [insertionAtEnd(here.text(uri), "/* x */")]);
      const asked = performance.now();
      await here.codeActions(uri, { line: 0, character: 0 });
      answersMs.push(performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, key % 5 === 4 ? 150 : 10));
    }
    await here.diagnostics(uri, (diagnostics) => confirmed(diagnostics) && settled(diagnostics), 31);
    answersMs.sort((a, b) => a - b);
    console.log(`${String(text.split("\n").length)} lines: verdict after ${verdictMs.toFixed(0)} ms; answers while typing: median ${answersMs[15]!.toFixed(1)} ms, longest ${answersMs.at(-1)!.toFixed(1)} ms`);
  });
});

describe("the emulator's threads", () => {
  it("one that dies is replaced, and the verdict comes all the same", async () => {
    const dist = distWith((original) => `
      const { parentPort } = require("node:worker_threads");
      const fs = require("node:fs");
      const marker = __filename + ".died";
      if (fs.existsSync(marker)) require(${JSON.stringify(original)});
      else parentPort.on("message", () => { fs.writeFileSync(marker, ""); process.exit(1); });`);
    try {
      const here = await start({ "driver.c": hazardousDriver }, { cli: dist.cli });
      await here.diagnostics(await here.open("driver.c"), confirmed);
      expect(here.log).toEqual([expect.stringMatching(/a reviewing thread stopped; another one takes its place/)]);
    } finally {
      dist.remove();
    }
  });

  it("when each one dies over the verdict, the finding stays, with the reason, and the server lives", async () => {
    const dist = distWith((original) => `
      const { parentPort } = require("node:worker_threads");
      const post = parentPort.postMessage.bind(parentPort);
      parentPort.postMessage = (answer) => (answer.kind === "verdict" ? process.exit(1) : post(answer));
      require(${JSON.stringify(original)});`);
    try {
      const here = await start({ "driver.c": hazardousDriver }, { cli: dist.cli });
      const uri = await here.open("driver.c");
      const [diagnostic] = await here.diagnostics(uri, (diagnostics) => diagnostics.length > 0 && settled(diagnostics));
      expect(diagnostic?.message).toMatch(/may still hold it\nundecided: the emulator stopped/);
      expect((diagnostic?.data as Finding).evidence).toMatchObject({ verdict: "undecided", limit: null });
      await here.change(uri, [insertionAtEnd(hazardousDriver, "int x;\n")]);
      await here.diagnostics(uri, settled, 2);
    } finally {
      dist.remove();
    }
  });

  it("when each one dies at once, the file is said not to be analysed", async () => {
    const dist = distWith(() => 'require("node:worker_threads").parentPort.on("message", () => { throw new Error("poison"); });');
    try {
      const here = await start({ "driver.c": hazardousDriver }, { cli: dist.cli });
      const [diagnostic] = await here.diagnostics(await here.open("driver.c"), (diagnostics) => diagnostics.length > 0);
      expect(diagnostic).toMatchObject({ severity: DiagnosticSeverity.Information, message: "not analysed: the emulator stopped on this file (please report it)" });
      await expect(here.request("quiesce/replayText", { textDocument: { uri: here.uri("driver.c") }, function: "sample_detach" })).rejects.toThrow(/^the emulator stopped on this file/);
    } finally {
      dist.remove();
    }
  });
});

describe("a kernel tree above the file", () => {
  it("gives the headers in angle brackets, and names files from its top", async () => {
    const files = { Kbuild: "", MAINTAINERS: "", "include/linux/sample.h": header, "drivers/iommu/driver.c": driverWithHeader.replace('"sample.h"', "<linux/sample.h>") };
    const here = await start(files);
    const uri = await here.open("drivers/iommu/driver.c");
    const diagnostics = await here.diagnostics(uri, confirmed);
    expect(findingsOf(diagnostics)[0]?.file).toBe("drivers/iommu/driver.c");
    const [action] = await here.codeActions(uri, diagnostics[0]!);
    expect((action?.edit?.documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument.uri)).toContain(pathToFileURL(join(here.folder, "include/linux/sample.h")).href);
  });
});

function runCli(folder: string, ...args: string[]): string {
  // Findings give status 1.
  try {
    return execFileSync(process.execPath, [cliPath, ...args], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

/** A copy of dist/ whose reviewing thread is another one. */
function distWith(judgeWorker: (original: string) => string): { readonly cli: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "quiesce-dist-"));
  const dist = dirname(cliPath);
  cpSync(dist, folder, { recursive: true });
  symlinkSync(resolve(dist, "../node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "review-worker.cjs"), judgeWorker(join(dist, "review-worker.cjs")));
  return { cli: join(folder, "cli.cjs"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** No verdict and no replay leaves a reviewing thread before `open()`: what happens meanwhile is no race. */
function gatedDist(): ReturnType<typeof distWith> & { readonly open: () => void } {
  const dist = distWith((original) => `
    const { parentPort } = require("node:worker_threads");
    const post = parentPort.postMessage.bind(parentPort);
    const isOpen = () => require("node:fs").existsSync(__filename + ".open");
    parentPort.postMessage = (answer) => {
      while (answer.kind !== "detected" && !isOpen()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      post(answer);
    };
    require(${JSON.stringify(original)});`);
  return { ...dist, open: () => writeFileSync(join(dirname(dist.cli), "review-worker.cjs.open"), "") };
}
