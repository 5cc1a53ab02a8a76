import { describe, expect, it } from "vitest";
import { issueReport } from "./issue-report.ts";

const facts = { extension: "0.1.0", server: "0.1.0", vscode: "Visual Studio Code 1.100.3 (en)", host: "linux x64, web interface, remote: none", settings: [], logLines: [] };

describe("a report", () => {
  it("names versions and host, and says that it is the user's choice to send it", () => {
    const text = issueReport(facts);
    for (const part of ["Quiesce 0.1.0, server 0.1.0", facts.vscode, facts.host, "None.", "Nothing has been sent"]) expect(text).toContain(part);
  });

  it("lists the settings that differ", () => {
    expect(issueReport({ ...facts, settings: [{ name: "quiesce.evidence", value: "all" }] })).toContain('- `quiesce.evidence`: `"all"`');
  });

  it("cannot be left by a log line", () => {
    const text = issueReport({ ...facts, logLines: ["```", "# heading", "````"] });
    expect(text).toContain("`````text\n```\n# heading\n````\n`````\n");
  });
});
