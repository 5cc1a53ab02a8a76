import type { Conversion } from "./conversion.ts";

const droppedWords = /\b(?:const|volatile|static|extern|inline|register|auto|typedef|__inline|__inline__)\b/g;

/** A type as the rest of the server compares it: no qualifiers or attributes, single spaces, stars after one space. */
export function normalisedType(text: string): string {
  return text
    .replace(droppedWords, " ")
    .replace(/\s+/g, " ")
    .replace(/ ?\* ?/g, "*")
    .replace(/([^*( ])\*/g, "$1 *")
    .replace(/\s*([()[\],])\s*/g, "$1")
    .trim();
}

/** The type written in [from, to): attributes left out; where `int` stands for another type, that one as in the original. */
export function typeText(c: Conversion, from: number, to: number): string {
  const { text } = c.rewritten;
  let written = "";
  let at = from;
  for (const note of c.notesOf("typeof")) {
    if (note.start < at || note.start >= to) continue;
    written += text.slice(at, note.start) + c.source.slice(note.start, note.end);
    at = Math.max(note.end, note.start + "int".length);
  }
  return normalisedType(written + text.slice(at, Math.max(at, to)));
}

/** A struct with a body is named by its tag. */
export function typeOfSpecifier(c: Conversion, type: number): string {
  const kind = c.type(type);
  if (kind === "struct_specifier" || kind === "union_specifier" || kind === "enum_specifier") {
    const keyword = kind.slice(0, kind.indexOf("_"));
    const name = c.child(type, "name");
    return name < 0 ? keyword : `${keyword} ${c.text(name)}`;
  }
  return typeText(c, c.start(type), c.end(type));
}
