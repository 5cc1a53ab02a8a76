import type { Note, NoteKind } from "./notes.ts";

/** The notes of a rewriting, by kind and by where they start; of two that start together the later one counts. */
export class NoteIndex {
  readonly #byKind = new Map<NoteKind, Note[]>();
  readonly #byStart = new Map<NoteKind, ReadonlyMap<number, Note>>();
  #attributes: readonly Note[] | undefined;

  constructor(notes: readonly Note[]) {
    for (const note of notes) {
      const ofKind = this.#byKind.get(note.kind);
      if (ofKind === undefined) this.#byKind.set(note.kind, [note]);
      else ofKind.push(note);
    }
  }

  at(kind: NoteKind, start: number): Note | undefined {
    return this.#startsOf(kind)?.get(start);
  }

  of(kind: NoteKind): Iterable<Note> {
    return this.#startsOf(kind)?.values() ?? [];
  }

  /** In the order of their places. */
  get attributes(): readonly Note[] {
    this.#attributes ??= (this.#byKind.get("attribute") ?? []).toSorted((a, b) => a.start - b.start);
    return this.#attributes;
  }

  /** Notes of different kinds come in no order of place. */
  #startsOf(kind: NoteKind): ReadonlyMap<number, Note> | undefined {
    const known = this.#byStart.get(kind);
    if (known !== undefined) return known;
    const ofKind = this.#byKind.get(kind);
    if (ofKind === undefined) return undefined;
    const byStart = new Map(ofKind.map((note) => [note.start, note]));
    this.#byStart.set(kind, byStart);
    return byStart;
  }
}
