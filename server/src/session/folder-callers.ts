/** From where a function is entered, as far as the files of its folder say: what one file alone cannot tell of a function that others call. */

import { namesInTable, summaryOfCode } from "../model/code-summary.ts";
import { nothingElsewhere } from "../model/elsewhere.ts";
import type { EntryRole } from "../model/entry-roles.ts";
import { factsOf, type FileFacts } from "../model/file-facts.ts";
import type { TranslationUnit } from "../syntax/c-syntax.ts";
import type { SourceFile } from "./reviewer-types.ts";
import { hasWord } from "./sibling-files.ts";

/** Functions that are climbed through for one question, and files that are parsed for it. */
const limits = { functionsMax: 80, filesMax: 16 } as const;

/** `other`: also when users are there, or by somebody out of sight; `unknown`: a limit was met before that was seen. */
export type Entered = "other" | "life" | "unknown";

/** Of one folder, at the time of one review. */
export class FolderCallers {
  readonly #sources: readonly SourceFile[];
  readonly #parse: (source: SourceFile) => TranslationUnit | undefined;
  readonly #facts = new Map<string, FileFacts | undefined>();

  constructor(sources: readonly SourceFile[], parse: (source: SourceFile) => TranslationUnit | undefined) {
    this.#sources = sources;
    this.#parse = parse;
  }

  /** Whether the function of that file is entered at set-up and teardown alone. */
  entered(name: string, file: string): Entered {
    const queue = [{ name, file }];
    const seen = new Set<string>();
    const read = new Set<string>();
    let isLife = false;
    for (const one of queue) {
      const key = `${one.file} ${one.name}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > limits.functionsMax) return "unknown";
      const here = this.#factsOf(one.file);
      if (here === undefined) return "unknown";
      const isStatic = here.functions.get(one.name)?.isStatic === true;
      let isUsed = false;
      for (const source of this.#sources) {
        if (source.file !== one.file && (isStatic || !hasWord(source.text, one.name))) continue;
        if (read.size >= limits.filesMax && !read.has(source.file)) return "unknown";
        read.add(source.file);
        const facts = this.#factsOf(source.file);
        if (facts === undefined) return "unknown";
        // Another one of that name, which is that file's own.
        if (source.file !== one.file && facts.functions.get(one.name)?.isStatic === true) continue;
        const roles = rolesIn(facts, one.name);
        if (roles.some(({ life }) => life === "running")) return "other";
        const callers = [...facts.functions.values()].filter((fn) => summaryOfCode(fn).called.has(one.name));
        const isTaken = roles.length === 0 && isValueIn(facts, one.name);
        if (isTaken) return "other";
        if (roles.length > 0) isLife = true;
        isUsed ||= roles.length > 0 || callers.length > 0;
        queue.push(...callers.map((fn) => ({ name: fn.name, file: source.file })));
      }
      if (!isUsed) return "other";
    }
    return isLife ? "life" : "other";
  }

  #factsOf(file: string): FileFacts | undefined {
    if (!this.#facts.has(file)) {
      const source = this.#sources.find((one) => one.file === file);
      const unit = source === undefined ? undefined : this.#parse(source);
      this.#facts.set(file, unit === undefined ? undefined : factsOf(file, unit, nothingElsewhere));
    }
    return this.#facts.get(file);
  }
}

/** Also of a function that another file defines. */
function rolesIn({ unit, entries }: FileFacts, name: string): readonly EntryRole[] {
  const inTables = unit.globals.flatMap(({ declarator: { init, type } }) => (init === undefined ? [] : namesInTable(init, type))).filter((one) => one.name === name);
  return [...entries.filter((entry) => entry.function === name), ...inTables].map(({ role }) => role);
}

const isValueIn = ({ functions, addressTaken }: FileFacts, name: string): boolean => addressTaken.has(name) || [...functions.values()].some((fn) => summaryOfCode(fn).values.has(name));
