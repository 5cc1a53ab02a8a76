/** Answers `quiesce/readFile`: texts that only the editor can read, in VS Code for the Web and in virtual workspaces. */

import { FileType, Uri, workspace } from "vscode";
import type { ReadFileParams, ReadFileResult } from "../../server/src/protocol/index.ts";
import { isReadable } from "./readable-files.ts";

/** The largest headers of the kernel are register tables of some MB that no review needs. */
const bytesMax = 4 * 1024 * 1024;

/** null for what is not there, is too large, or is not the server's to read. */
export async function readFile({ uri, probe }: ReadFileParams): Promise<ReadFileResult> {
  try {
    const file = Uri.parse(uri, true);
    const folders = workspace.workspaceFolders?.map((folder) => folder.uri) ?? [];
    if (!isReadable(file, folders, kernelSetting())) return null;
    const { type, size } = await workspace.fs.stat(file);
    if ((type & FileType.File) === 0 || size > bytesMax) return null;
    return { text: probe === true ? "" : new TextDecoder().decode(await workspace.fs.readFile(file)) };
  } catch {
    // Headers are looked for in several places: most of them have no such file.
    return null;
  }
}

function kernelSetting(): string {
  const kernel: unknown = workspace.getConfiguration("quiesce").get("kernel");
  return typeof kernel === "string" ? kernel : "";
}
