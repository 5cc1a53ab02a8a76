// What the VS Code extension asks of the server beyond what every editor does: lenses, commands, replays as data,
// how a review stands, and texts that only the client can read.

import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type CodeAction, type CodeLens, createProtocolConnection, DiagnosticSeverity, IPCMessageReader, IPCMessageWriter, type TextDocumentEdit } from "vscode-languageserver/node";
import type { ClientOptions as ProtocolOptions, FactsResult, Finding, Replay, ShownFacts } from "../src/protocol/index.ts";
import { cliPath } from "./cli-harness.ts";
import { harmlessDriver, hazardousDriver } from "./cli-samples.ts";
import { type ClientOptions, confirmed, fullCapabilities, settled, TestEditor, words } from "./lsp-harness.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const capabilities = {
  ...fullCapabilities,
  textDocument: { ...fullCapabilities.textDocument, codeLens: {} },
  workspace: { ...fullCapabilities.workspace, codeLens: { refreshSupport: true } },
};
const extension: ProtocolOptions = { commands: false, readsFiles: true, status: true, rulePages: "quiesce-pages:/rules" };

let editor: TestEditor | undefined;
const start = async (files: Readonly<Record<string, string>>, options: ClientOptions = {}): Promise<TestEditor> =>
  (editor = await TestEditor.start(files, { capabilities, initializationOptions: extension, ...options }));
afterEach(async () => {
  const running = editor;
  editor = undefined;
  const status = await running?.stop();
  expect(running?.stderr ?? "").toBe("");
  expect(status ?? 0).toBe(0);
});

const lensesOf = (here: TestEditor, uri: string): Promise<readonly CodeLens[]> => here.request("textDocument/codeLens", { textDocument: { uri } });
const ready = (here: TestEditor, uri: string) => (): boolean => here.statuses.some((status) => status.uri === uri && status.state === "ready");

describe("a code lens", () => {
  it("stands over the function with the hazard, and says what became of it", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    await here.until(ready(here, uri));
    const [lens, ...others] = await lensesOf(here, uri);
    expect(others).toEqual([]);
    expect(hazardousDriver.split("\n")[lens!.range.start.line]!.slice(lens!.range.start.character, lens!.range.end.character)).toBe("sample_detach");
    expect(lens?.command).toEqual({ title: "Emulate: 1 confirmed", command: "quiesce.emulateFunction", arguments: [{ textDocument: { uri }, function: "sample_detach" }] });
    expect(here.lensRefreshCount).toBeGreaterThan(0);
  });

  it("follows the text, and says refuted once the fix is in", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    const [fix] = await here.codeActions(uri, diagnostic!);
    await here.apply(fix!.edit!);
    await here.until(() => here.statuses.at(-1)?.state === "ready" && here.statuses.at(-1)?.message === "1 refuted");
    const [lens] = await lensesOf(here, uri);
    expect(lens?.command?.title).toBe("Emulate: 1 refuted");
    expect(here.text(uri).split("\n")[lens!.range.start.line]).toContain("sample_detach");
  });

  it("can be turned off, and a file without findings has none", async () => {
    const here = await start({ "driver.c": hazardousDriver, "clean.c": harmlessDriver }, { initializationOptions: { ...extension, codeLens: false } });
    expect(await lensesOf(here, await here.open("driver.c"))).toEqual([]);
    expect(await lensesOf(here, await here.open("clean.c"))).toEqual([]);
  });
});

describe("the menu of a finding", () => {
  it("has the verified fix first, then the replay and the rule, each once", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    const actions = await here.codeActions(uri, diagnostic!);
    expect(actions.map(({ isPreferred }) => isPreferred ?? false)).toEqual([true, ...actions.slice(1).map(() => false)]);
    expect(actions.slice(-2).map(({ title, command }) => [title, command?.command, command?.arguments])).toEqual([
      ["Emulate sample_detach()", "quiesce.emulateFunction", [{ textDocument: { uri }, function: "sample_detach" }]],
      ["Explain rcu/free-before-grace-period", "quiesce.explainRule", ["rcu/free-before-grace-period"]],
    ]);
  });

  it("links to the pages of the client", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const [diagnostic] = await here.diagnostics(await here.open("driver.c"), confirmed);
    expect(diagnostic?.codeDescription?.href).toBe("quiesce-pages:/rules/rcu/free-before-grace-period.md");
  });
});

describe("quiesce/replay", () => {
  it("gives the runs as data, each with the text that `quiesce emulate` prints, and where its files are", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    const replay = await here.request<Replay>("quiesce/replay", { textDocument: { uri }, function: "sample_detach" });
    const printed = execFileSync(process.execPath, [cliPath, "emulate", "driver.c:sample_detach"], { cwd: here.folder, encoding: "utf8" });
    expect(replay.runs.map(({ text }) => text).join("\n")).toBe(printed);
    expect(replay).toMatchObject({ version: 1, uri, function: "sample_detach", about: "what sample_detach() takes part in" });
    const files = new Set(replay.runs.flatMap(({ run }) => run.steps.map(({ file }) => file)));
    expect([...files].map((file) => replay.sources[file])).toEqual([...files].map(() => uri));
    expect(replay.runs[0]?.run.steps.filter(({ hazard }) => hazard)).toHaveLength(1);
  });

  it("of a caller shows what it calls, and says so", async () => {
    const caller = `${hazardousDriver}\nvoid sample_remove(struct sample_domain *domain, struct sample_bond *bond)\n{\n\tsample_detach(domain, bond);\n}\n`;
    const here = await start({ "driver.c": caller });
    const replay = await here.request<Replay>("quiesce/replay", { textDocument: { uri: await here.open("driver.c") }, function: "sample_remove" });
    expect(replay.runs).not.toEqual([]);
    expect(replay.about).toBe("sample_remove() by itself has nothing to replay; this is sample_detach(), which it calls");
  });

  it("of a function with nothing concurrent says what was looked for", async () => {
    const here = await start({ "driver.c": harmlessDriver });
    const uri = await here.open("driver.c");
    const replay = await here.request<Replay>("quiesce/replay", { textDocument: { uri }, function: "sample_add" });
    expect(replay).toMatchObject({ runs: [], function: "sample_add" });
    expect(replay.about).toMatch(/^Nothing to replay: sample_add\(\) neither /);
  });
});

describe("quiesce/facts", () => {
  it("are those that `quiesce facts` prints, as text and as data", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    const line = hazardousDriver.split("\n").findIndex((text) => text.includes("kfree(bond)"));
    const shown = await here.request<ShownFacts>("quiesce/facts", { textDocument: { uri }, position: { line, character: 0 } });
    const printed = (...args: readonly string[]): string => execFileSync(process.execPath, [cliPath, "facts", "driver.c:sample_detach", ...args], { cwd: here.folder, encoding: "utf8" });
    expect(shown).toMatchObject({ version: 1, uri, facts: { function: "sample_detach", file: "driver.c" } });
    expect(shown.text).toBe(printed());
    expect([shown.facts]).toEqual((JSON.parse(printed("--format", "json")) as { readonly functions: unknown }).functions);
    expect(await here.request<FactsResult>("quiesce/facts", { textDocument: { uri }, function: "sample_detach" })).toEqual(shown);
  });

  it("follow the open text, and say where there is no function", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    await here.change(uri, [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, newText: "\n\n" }]);
    const shown = await here.request<ShownFacts>("quiesce/facts", { textDocument: { uri }, function: "sample_detach" });
    expect(shown.facts.line).toBe(31);
    await expect(here.request("quiesce/facts", { textDocument: { uri }, position: { line: 0, character: 0 } })).rejects.toThrow("no function of driver.c is at this position");
    await expect(here.request("quiesce/facts", { textDocument: { uri }, function: "sample_dettach" })).rejects.toThrow("did you mean sample_detach");
    await expect(here.request("quiesce/facts", { textDocument: {} })).rejects.toThrow("quiesce/facts: textDocument.uri is missing");
  });
});

describe("how a review stands", () => {
  it("goes from analysing to ready with counts and a time", async () => {
    const here = await start({ "driver.c": hazardousDriver });
    const uri = await here.open("driver.c");
    await here.until(ready(here, uri));
    expect(here.statuses[0]).toEqual({ uri, state: "analysing", message: "", ms: null });
    expect(here.statuses.at(-1)).toMatchObject({ uri, state: "ready", message: "1 confirmed" });
    expect(here.statuses.at(-1)!.ms).toBeGreaterThan(0);
  });

  it("says which lines could not be followed", async () => {
    const here = await start({ "broken.c": `${harmlessDriver}\nint broken(void)\n{\n\tif ((((\n\t@@@ $$$ (;\n}\n` });
    const uri = await here.open("broken.c");
    await here.until(() => here.statuses.some(({ state }) => state === "not-analysed" || state === "ready"));
    const [diagnostic] = await here.diagnostics(uri, (all) => all.length > 0);
    expect(diagnostic?.code).toBe("not-analysed");
    expect(here.statuses.at(-1)).toMatchObject({ uri, state: "not-analysed" });
    expect(here.statuses.at(-1)!.message).toMatch(/could not be followed|not /);
  });

  it("is not told to clients that did not ask", async () => {
    const here = await start({ "driver.c": hazardousDriver }, { initializationOptions: {} });
    await here.diagnostics(await here.open("driver.c"), (all) => confirmed(all) && settled(all));
    expect(here.statuses).toEqual([]);
    expect(here.asked).toEqual([]);
  });
});

const rcuHead = "\tstruct rcu_head rcu;\n";
const structText = hazardousDriver.slice(hazardousDriver.indexOf("struct sample_bond {"), hazardousDriver.indexOf("struct sample_domain {")).trimEnd();
const headerText = `${structText.replace(rcuHead, "")}\n`;
const folder = "vscode-vfs://forge/linux";

describe("a document that is not saved", () => {
  it("is reviewed and replayed under its name", async () => {
    const here = await start({});
    const uri = await here.openText("untitled:Untitled-1", hazardousDriver);
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    expect((diagnostic?.data as Finding).file).toBe("Untitled-1");
    const replay = await here.request<Replay>("quiesce/replay", { textDocument: { uri }, function: "sample_detach" });
    expect(replay.runs[0]?.text).toContain(" Untitled-1:");
  });
});

describe("a workspace that only the client can read", () => {
  const driverWithHeader = hazardousDriver.replace(structText, '#include "sample.h"');

  it("is reviewed with the headers that the client hands over, and fixed there", async () => {
    const here = await start({}, { folders: [folder] });
    const header = `${folder}/drivers/sample.h`;
    here.remote.set(header, headerText);
    const uri = await here.openText(`${folder}/drivers/driver.c`, driverWithHeader);
    await here.diagnostics(uri, confirmed);
    await here.until(() => here.asked.includes(header));
    const [diagnostic] = await here.diagnostics(uri, (all) => all.some(({ data }) => (data as Finding).fixes.some(({ verified, edits }) => verified === true && edits.some(({ file }) => file === "drivers/sample.h"))));
    expect(diagnostic).toMatchObject({ severity: DiagnosticSeverity.Error });
    const [fix] = await here.codeActions(uri, diagnostic!);
    expect((fix?.edit?.documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument)).toEqual(expect.arrayContaining([{ uri, version: 1 }, { uri: header, version: null }]));
    expect((diagnostic?.data as Finding).file).toBe("drivers/driver.c");
  });

  it("asks for each file once, also over edits", async () => {
    const here = await start({}, { folders: [folder] });
    const uri = await here.openText(`${folder}/drivers/driver.c`, driverWithHeader);
    await here.until(ready(here, uri));
    await here.change(uri, [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, newText: "/* x */\n" }]);
    await here.until(() => here.statuses.filter(({ state }) => state === "ready").length >= 2);
    expect(here.asked.length).toBe(new Set(here.asked).size);
  });

  it("is named from the top of the kernel tree when it is one", async () => {
    const here = await start({}, { folders: [folder] });
    for (const [name, text] of Object.entries({ Kbuild: "", MAINTAINERS: "", Makefile: "VERSION = 6\nPATCHLEVEL = 12\n", "include/linux/sample.h": headerText })) here.remote.set(`${folder}/${name}`, text);
    const uri = await here.openText(`${folder}/drivers/iommu/driver.c`, hazardousDriver.replace(structText, "#include <linux/sample.h>"));
    const [diagnostic] = await here.diagnostics(uri, (all) => all.some(({ data }) => (data as Finding).fixes.some(({ edits }) => edits.some(({ file }) => file === "include/linux/sample.h"))));
    expect((diagnostic?.data as Finding).file).toBe("drivers/iommu/driver.c");
  });

  it("is reviewed without headers where the client has none", async () => {
    const here = await start({}, { folders: [folder], initializationOptions: { ...extension, readsFiles: false } });
    const uri = await here.openText(`${folder}/drivers/driver.c`, hazardousDriver);
    const [diagnostic] = await here.diagnostics(uri, confirmed);
    expect(words(diagnostic!)).toContain("may still hold it");
    expect(here.asked).toEqual([]);
  });
});

describe("dist/server.cjs", () => {
  it("speaks over the channel of a parent process, as the extension starts it", async () => {
    const child = fork(join(dirname(cliPath), "server.cjs"), ["--node-ipc"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const connection = createProtocolConnection(new IPCMessageReader(child), new IPCMessageWriter(child), undefined);
    connection.listen();
    const { serverInfo } = await connection.sendRequest<{ serverInfo: { name: string } }>("initialize", { processId: process.pid, capabilities: {}, rootUri: null });
    expect(serverInfo.name).toBe("quiesce");
    const actions: readonly CodeAction[] = await connection.sendRequest("textDocument/codeAction", { textDocument: { uri: "file:///none.c" }, range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, context: { diagnostics: [] } });
    expect(actions).toEqual([]);
    const exited = once(child, "exit");
    await connection.sendRequest("shutdown");
    await connection.sendNotification("exit");
    expect((await exited)[0]).toBe(0);
    connection.dispose();
  });
});
