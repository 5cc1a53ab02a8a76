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

it("without a kernel tree there is nothing to read", () => {
  expect(new SourceFiles(readText, "file:///w", null).reviewHost.readText).toBeUndefined();
});
