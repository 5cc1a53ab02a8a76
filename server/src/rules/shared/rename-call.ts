/** A fix that calls another function with the same arguments. */

import type { FileFacts } from "../../model/file-facts.ts";
import type { TraceEvent } from "../../model/trace.ts";
import type { FixProposal } from "../rule.ts";

/** Where the event is a call of a name in `names`: the call of what that name stands for there. */
export function renameCall(event: TraceEvent, names: ReadonlyMap<string, string>, facts: FileFacts, words: (to: string) => string): readonly FixProposal[] {
  const name = /^(\w+)\s*\(/.exec(facts.unit.text.slice(event.at.start, event.at.end))?.[1];
  const to = name === undefined ? undefined : names.get(name);
  return name === undefined || to === undefined ? [] : [{ title: words(to), edits: [{ file: facts.file, start: event.at.start, end: event.at.start + name.length, newText: to }] }];
}
