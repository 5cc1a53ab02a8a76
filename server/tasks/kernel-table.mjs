// The knowledge table for generators. It is TypeScript, so it is bundled to be read.

import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { nodeBundle } from "./build.mjs";

const table = "server/src/model/kernel-api/index.ts";

/** All headers with their rows. */
export async function tableHeaders() {
  const temporary = mkdtempSync(join(tmpdir(), "quiesce-gen-"));
  const outfile = join(temporary, "table.cjs");
  try {
    await build({ ...nodeBundle(), entryPoints: [table], outfile });
    return createRequire(import.meta.url)(outfile).headers;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
