/**
 * The knowledge table, assembled. `apiOf(name)` is what is fully stated; `partlyKnown(name)` what is true of a call that
 * nothing else is known of.
 */

import { assert } from "../../base/assert.ts";
import { headers } from "./headers.ts";
import { isInRelease } from "./releases.ts";
import type { ApiRow } from "./schema.ts";

export { headers };

const whole = new Map<string, ApiRow>();
const partial = new Map<string, ApiRow>();
for (const { header, rows } of headers) {
  for (const row of rows) {
    for (const name of row.names) {
      assert(!whole.has(name) && !partial.has(name), `${name} stands twice in the knowledge table (second time in ${header})`);
      (row.partly === true ? partial : whole).set(name, row);
    }
  }
}

/** A project's own rows; they stand before those that ship. One object is one table: what was worked out with it is kept by it. */
export type ProjectTable = ReadonlyMap<string, ApiRow>;

export function projectTable(rows: readonly ApiRow[]): ProjectTable {
  return new Map(rows.flatMap((row) => row.names.map((name) => [name, row] as const)));
}

let project: ProjectTable = projectTable([]);

/** Runs `use`, which must not wait for anything, with a project's rows in the table. */
export function withProjectTable<T>(table: ProjectTable, use: () => T): T {
  const before = project;
  project = table;
  try {
    return use();
  } finally {
    project = before;
  }
}

/** What is worked out from the table may be kept under this as long as the table is the same. */
export function tableInUse(): ProjectTable {
  return project;
}

/** What a kernel function or macro does, all of it; undefined: not all of it is known. `release`: "6.1"; any, when absent. */
export function apiOf(name: string, release?: string): ApiRow | undefined {
  return inRelease(project.get(name) ?? whole.get(name), release);
}

/** What is true of a call that is otherwise unknown: detail effects, and whether it may sleep. */
export function partlyKnown(name: string, release?: string): ApiRow | undefined {
  return project.has(name) ? undefined : inRelease(partial.get(name), release);
}

function inRelease(row: ApiRow | undefined, release: string | undefined): ApiRow | undefined {
  return row === undefined || release === undefined || isInRelease(row, release) ? row : undefined;
}

/** Number of names the table knows; part of every cache key, so that a changed table forgets old verdicts. */
export const apiCount = whole.size + partial.size;
