import type { Note, NoteKind } from "./notes.ts";
import { hullOf } from "./text-change.ts";
import type { TextChange } from "./text-change.ts";

/** `change`, made as wide as the notes that differ although the text under them may be the same. */
export function withChangedNotes(change: TextChange, old: readonly Note[], notes: readonly Note[]): TextChange {
  const oldByKind = grouped(old);
  const byKind = grouped(notes);
  let hull = change;
  for (const kind of new Set([...oldByKind.keys(), ...byKind.keys()])) hull = hullOfKind(hull, change, oldByKind.get(kind) ?? [], byKind.get(kind) ?? []);
  return hull;
}

function grouped(notes: readonly Note[]): ReadonlyMap<NoteKind, readonly Note[]> {
  const byKind = new Map<NoteKind, Note[]>();
  for (const note of notes) {
    const ofKind = byKind.get(note.kind);
    if (ofKind === undefined) byKind.set(note.kind, [note]);
    else ofKind.push(note);
  }
  return byKind;
}

/** Notes of one kind come in the order of their places. */
function hullOfKind(hull: TextChange, { before, after }: TextChange, old: readonly Note[], notes: readonly Note[]): TextChange {
  const by = after - before;
  const shorter = Math.min(old.length, notes.length);
  let first = 0;
  while (first < shorter && isMoved(old[first]!, notes[first]!, 0)) first++;
  let same = 0;
  while (same < shorter - first && isMoved(old[old.length - 1 - same]!, notes[notes.length - 1 - same]!, by)) same++;
  let wider = hull;
  for (const { start, end } of old.slice(first, old.length - same)) wider = hullOf(wider, { from: start, before: end, after: end + by });
  for (const { start, end } of notes.slice(first, notes.length - same)) wider = hullOf(wider, { from: start, before: end - by, after: end });
  return wider;
}

function isMoved(old: Note, note: Note, by: number): boolean {
  if (old.start + by !== note.start || old.end + by !== note.end || old.name !== note.name || old.args?.length !== note.args?.length) return false;
  return old.args === undefined || old.args.every((arg, index) => arg.start + by === note.args![index]!.start && arg.end + by === note.args![index]!.end);
}
