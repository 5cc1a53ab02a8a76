/** Which files of a folder may hold the other side of a race: found by their words, before anything is parsed. */

import type { SharedPlace } from "../evidence/counterparts.ts";
import type { ReviewHost, SourceFile } from "./reviewer-types.ts";

/** What is read of one folder; each limit that is met is named. */
export const siblingLimits = {
  /** Files whose words are looked at. */
  filesMax: 400,
  charactersMax: 12_000_000,
  /** Files that are parsed and followed, nearest first. */
  followedMax: 8,
  followedCharactersMax: 500_000,
  /** Functions that are followed of them. */
  functionsMax: 400,
  /** Expressions evaluated for one function that is entered from outside; of a file by itself there may be more. */
  stepsMax: 30_000,
} as const;

/** `cut`: limits that were met, in words. */
export type FoundSiblings = { readonly files: readonly SourceFile[]; readonly cut: readonly string[] };

/** What leads to the other side: the place itself, or a function of the file that uses it. */
export type Wanted = SharedPlace | { readonly kind: "call"; readonly name: string } | { readonly kind: "entry"; readonly name: string };

export function siblingsNaming(places: readonly Wanted[], file: string, host: ReviewHost): FoundSiblings {
  const all = host.siblings?.(file) ?? [];
  const cut: string[] = [];
  if (all.length > siblingLimits.filesMax) cut.push(`only ${String(siblingLimits.filesMax)} of ${String(all.length)} files of the folder were looked at`);
  const near: { readonly source: SourceFile; readonly score: number }[] = [];
  let characters = 0;
  for (const sibling of all.slice(0, siblingLimits.filesMax)) {
    if (characters > siblingLimits.charactersMax) {
      cut.push(`of the folder only ${String(siblingLimits.charactersMax / 1_000_000)} MB were looked at`);
      break;
    }
    const source = sibling.read();
    if (source === undefined) continue;
    if ("refused" in source) {
      cut.push(`${sibling.file} was not read: ${source.refused}`);
      continue;
    }
    if (source.file === file) continue;
    characters += source.text.length;
    const score = Math.max(0, ...places.map((place) => closeness(place, source.text)));
    if (score > 0) near.push({ source, score });
  }
  near.sort((a, b) => b.score - a.score || (a.source.file < b.source.file ? -1 : 1));
  const files: SourceFile[] = [];
  let followed = 0;
  for (const { source } of near) {
    const isMuch = files.length > 0 && followed + source.text.length > siblingLimits.followedCharactersMax;
    if (files.length >= siblingLimits.followedMax || isMuch) continue;
    followed += source.text.length;
    files.push(source);
  }
  if (files.length < near.length) cut.push(`only ${String(files.length)} of the ${String(near.length)} files beside it that name it were followed`);
  return { files, cut };
}

/** The field's own name in the text of a macro or an inline function beside the struct: what it is used on stands elsewhere. */
export const namesField = (place: SharedPlace, text: string): boolean => hasWord(text, place.kind === "global" ? place.name : place.field);

/** Whether the text uses the field or the global, by its words: whoever walks a list has a variable of the elements' type. */
export function mentions(place: Wanted, text: string): boolean {
  switch (place.kind) {
    case "list": return hasWord(text, place.field) && hasWord(text, place.struct);
    case "field": return text.includes(place.field) && new RegExp(`(?:->|\\.|,)\\s*${literally(place.field)}\\b`).test(text);
    case "call": return text.includes(place.name) && new RegExp(`\\b${literally(place.name)}\\s*\\(`).test(text);
    case "entry": return hasWord(text, place.name);
    case "global": return hasWord(text, place.name) && (place.field === undefined || hasWord(text, place.field));
  }
}

export const hasWord = (text: string, word: string): boolean => text.includes(word) && new RegExp(`\\b${literally(word)}\\b`).test(text);

/** `list[0]` as a regular expression finds it. */
const literally = (word: string): string => word.replace(/[^\w]/g, "\\$&");

/** Who names the place itself is nearer than who calls somebody that does. */
const directWeight = 4;

/** An entry point and the table that names it come before all others. */
const entryWeight = 1_000_000;

/** How often lines of the text name it, those most that speak of RCU or of a walk; 0: not at all. */
function closeness(place: Wanted, text: string): number {
  if (!mentions(place, text)) return 0;
  if (place.kind === "entry") return entryWeight;
  const word = place.kind === "call" ? place.name : place.kind === "global" ? place.field ?? place.name : place.field;
  let score = 1;
  for (const [line] of text.matchAll(new RegExp(`^.*\\b${literally(word)}\\b.*$`, "gm"))) score += /rcu|RCU|for_each/.test(line) ? 5 : 1;
  return place.kind === "call" ? score : score * directWeight;
}
