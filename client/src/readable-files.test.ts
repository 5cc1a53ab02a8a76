import { describe, expect, it } from "vitest";
import { isReadable, type Place } from "./readable-files.ts";

const at = (scheme: string, authority: string, path: string): Place => ({ scheme, authority, path });
const folders = [at("vscode-vfs", "github", "/torvalds/linux")];

describe("a file is read to the server", () => {
  it("when it is in the workspace", () => {
    expect(isReadable(at("vscode-vfs", "github", "/torvalds/linux/include/linux/list.h"), folders, "")).toBe(true);
  });

  it("not when it is beside it, above it, on another machine or on the web", () => {
    expect(isReadable(at("vscode-vfs", "github", "/torvalds/linux-next/Kbuild"), folders, "")).toBe(false);
    expect(isReadable(at("vscode-vfs", "github", "/torvalds/Kbuild"), folders, "")).toBe(false);
    expect(isReadable(at("vscode-vfs", "gitlab", "/torvalds/linux/Kbuild"), folders, "")).toBe(false);
    expect(isReadable(at("https", "github", "/torvalds/linux/Kbuild"), folders, "")).toBe(false);
  });

  it("not when dots lead out of it", () => {
    expect(isReadable(at("vscode-vfs", "github", "/torvalds/linux/../../etc/passwd"), folders, "")).toBe(false);
    expect(isReadable(at("file", "", "C:\\work\\..\\secret"), [at("file", "", "C:\\work")], "")).toBe(false);
  });

  it("when it is in the kernel tree of the settings, on the machine of the workspace", () => {
    const local = [at("file", "", "/src/driver")];
    expect(isReadable(at("file", "", "/src/linux/include/linux/list.h"), local, "/src/linux")).toBe(true);
    expect(isReadable(at("http", "", "/src/linux/include/linux/list.h"), local, "/src/linux")).toBe(false);
    expect(isReadable(at("file", "", "/src/linux/include/linux/list.h"), [], "/src/linux")).toBe(false);
    expect(isReadable(at("file", "", "/etc/passwd"), local, "")).toBe(false);
  });
});
