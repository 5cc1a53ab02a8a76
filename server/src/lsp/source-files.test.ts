import { expect, it } from "vitest";
import { SourceFiles } from "./source-files.ts";

const onDisk: Readonly<Record<string, string>> = { "file:///k/drivers/Makefile": "obj-y += demo/\n" };
const readText = (uri: string): string | undefined => onDisk[uri];

it("files of the kernel tree are read from its root, open texts first, and what is not there is noted", () => {
  const files = new SourceFiles(readText, "file:///w", { uri: "file:///k", release: "6.12" });
  const recording = files.record();
  const { reviewHost } = files;
  expect(reviewHost.readText?.("drivers/Makefile")).toBe("obj-y += demo/\n");
  expect(reviewHost.readText?.("drivers/Kconfig")).toBeUndefined();
  files.setOpen([{ uri: "file:///k/drivers/Makefile", text: "obj-m += demo/\n" }]);
  expect(reviewHost.readText?.("drivers/Makefile")).toBe("obj-m += demo/\n");
  expect(recording.end().missing).toEqual(["file:///k/drivers/Kconfig"]);
});

it("other sources of the folder are read as they are open, and are not noted", () => {
  const texts: Readonly<Record<string, string>> = { "file:///w/demo/a.c": "int a;\n", "file:///w/demo/b.c": "int b;\n" };
  const files = new SourceFiles((uri) => texts[uri], "file:///w", null, undefined, (folder) => (folder === "file:///w/demo" ? Object.keys(texts) : []));
  const own = files.nameOf("file:///w/demo/a.c");
  const recording = files.record();
  files.setOpen([{ uri: "file:///w/demo/b.c", text: "long b;\n" }]);
  expect(files.reviewHost.siblings?.(own).map(({ file, read }) => [file, read()])).toEqual([["demo/b.c", { file: "demo/b.c", text: "long b;\n" }]]);
  expect(recording.end()).toEqual({ reads: [], missing: [] });
  expect(files.reviewHost.siblings?.("unknown.c")).toEqual([]);
});

it("without a kernel tree there is nothing to read", () => {
  expect(new SourceFiles(readText, "file:///w", null).reviewHost.readText).toBeUndefined();
});
