/** Reading one source file, and the reasons not to review it. */

import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { binary, sourceBytesMax, tooLarge } from "../session/source-limits.ts";
import { systemReason } from "./collect-files.ts";

/** `isUnfit`: it is there and could be read, and is no C text of a size that is reviewed. */
export type ReadSource = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string; readonly isUnfit: boolean };

export function readSource(path: string): ReadSource {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      if (size === 0) return { ok: false, reason: "empty file, nothing to review", isUnfit: false };
      if (size > sourceBytesMax) return { ok: false, reason: tooLarge(size), isUnfit: true };
      const bytes = readFileSync(file);
      if (bytes.includes(0)) return { ok: false, reason: binary, isUnfit: true };
      const text = bytes.toString("utf8");
      return text.trim() === "" ? { ok: false, reason: "empty file, nothing to review", isUnfit: false } : { ok: true, text };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { ok: false, reason: systemReason(error), isUnfit: false };
  }
}
