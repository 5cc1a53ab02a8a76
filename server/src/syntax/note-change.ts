import type { Span } from "./c-syntax.ts";
import type { Note, NoteKind } from "./notes.ts";
import { movedBy } from "./text-change.ts";
import type { TextChange } from "./text-change.ts";

/** Where notes differ although the text under them may be the same: places of the text after `edit`. */
export function changedNotes(edit: TextChange, old: readonly Note[], notes: readonly Note[]): readonly Span[] {
  const oldByKind = grouped(old);
  const byKind = grouped(notes);
  const kinds = new Set([...oldByKind.keys(), ...byKind.keys()]);
  return [...kinds].flatMap((kind) => changedOfKind(edit, oldByKind.get(kind) ?? [], byKind.get(kind) ?? []));
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

/** Notes of one kind come in the order of their places; what is out of order counts as changed. */
function changedOfKind(edit: TextChange, old: readonly Note[], notes: readonly Note[]): readonly Span[] {
  const changed: Span[] = [];
  let known = 0;
  let next = 0;
  while (known < old.length || next < notes.length) {
    const before = old[known];
    const note = notes[next];
    if (before !== undefined && note !== undefined && isMoved(before, note, shiftOf(before, edit))) {
      known++;
      next++;
    } else if (note === undefined || (before !== undefined && placeNow(before, edit).start <= note.start)) {
      changed.push(placeNow(before!, edit));
      known++;
    } else {
      changed.push({ start: note.start, end: note.end });
      next++;
    }
  }
  return changed;
}

/** Of a note that the edit touches the shift cannot be told; whatever is said of it, it counts as part of the edit. */
const shiftOf = ({ start }: Note, edit: TextChange): number => (start >= edit.before ? movedBy(edit) : 0);

/** What became of a place of the old text, as wide as it may be. */
function placeNow({ start, end }: Note, edit: TextChange): Span {
  const now = start >= edit.before ? start + movedBy(edit) : Math.min(start, edit.from);
  return { start: now, end: end <= edit.from ? end : Math.max(edit.after, end + movedBy(edit)) };
}

function isMoved(old: Note, note: Note, by: number): boolean {
  if (old.start + by !== note.start || old.end + by !== note.end || old.name !== note.name || old.args?.length !== note.args?.length) return false;
  return old.args === undefined || old.args.every((arg, index) => arg.start + by === note.args![index]!.start && arg.end + by === note.args![index]!.end);
}
