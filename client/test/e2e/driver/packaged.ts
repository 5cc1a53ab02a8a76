/** The VSIX that `npm run package` made: what is tested is what people get. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inflateRawSync } from "node:zlib";

export const projectRoot = resolve(import.meta.dirname, "../../../..");

export function vsixPath(): string {
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { version: string };
  const path = join(projectRoot, `quiesce-${version}.vsix`);
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run package`);
  return path;
}

/** The folder into which a host installed the extension. */
export function installedExtension(extensionsFolder: string): string {
  const name = readdirSync(extensionsFolder).find((entry) => entry.startsWith("quiesce.quiesce-"));
  if (!name) throw new Error(`the extension is not installed in ${extensionsFolder}`);
  return join(extensionsFolder, name);
}

export type ZipEntry = { readonly name: string; readonly bytes: Buffer };

/** "PK" 1 2: a row of the directory at the end of a zip file (APPNOTE 4.3.12). */
const directoryRow = 0x02014b50;
/** "PK" 5 6: the record after the directory (APPNOTE 4.3.16). */
const directoryEnd = 0x06054b50;
const directoryEndSize = 22;

/** Every file of a zip archive; enough for what vsce writes: no zip64, no encryption, no comment. */
export function unzip(archive: Buffer): readonly ZipEntry[] {
  const end = archive.length - directoryEndSize;
  if (archive.readUInt32LE(end) !== directoryEnd) throw new Error("not a plain zip file");
  const entries: ZipEntry[] = [];
  let row = archive.readUInt32LE(end + 16);
  while (row < end && archive.readUInt32LE(row) === directoryRow) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(row + offset)) as [number, number, number];
    const name = archive.toString("utf8", row + 46, row + 46 + nameLength);
    const header = archive.readUInt32LE(row + 42);
    // The local header repeats the name, with an extra field of its own length.
    const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
    const stored = archive.subarray(start, start + archive.readUInt32LE(row + 20));
    entries.push({ name, bytes: archive.readUInt16LE(row + 10) === 0 ? stored : inflateRawSync(stored) });
    row += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}
