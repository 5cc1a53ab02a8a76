/** Reading one source file, and the reasons not to review it. */

import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { systemReason } from "./collect-files.ts";

/**
 * The largest .c file of Linux 6.12 has 1.2 MB. Register headers of 14 MB exist but hold no code;
 * beyond this size a tree alone would take over 150 MB of memory (18 times the source).
 */
export const sourceBytesMax = 8_000_000;

export type ReadSource = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

export function readSource(path: string): ReadSource {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      if (size === 0) return { ok: false, reason: "empty file, nothing to review" };
      if (size > sourceBytesMax) return { ok: false, reason: tooLarge(size) };
      const bytes = readFileSync(file);
      if (bytes.includes(0)) return { ok: false, reason: binary };
      const text = bytes.toString("utf8");
      return text.trim() === "" ? { ok: false, reason: "empty file, nothing to review" } : { ok: true, text };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { ok: false, reason: systemReason(error) };
  }
}

export const binary = "binary file, not C";

export const tooLarge = (size: number): string => `too large (${megabytes(size)}; the limit is ${megabytes(sourceBytesMax)})`;

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
