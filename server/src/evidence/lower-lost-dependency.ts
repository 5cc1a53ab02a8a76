/** A plain load of a published pointer → program: can the reader see the object before its initialisation? */

import type { Instruction, Program, Proposition, Source } from "../../../emulator-core/src/index.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { structOfObject, type ReaderUse } from "../model/lifetimes.ts";
import type { TraceEvent } from "../model/trace.ts";
import type { Publication } from "../rules/rule.ts";
import { addressOf, allOf, constant, isSet, load, ProgramBuilder, registerIs, registerPointsTo, wordOf } from "./program-builder.ts";

export type LostDependency = { readonly facts: FileFacts; readonly reader: ReaderUse; readonly publication: Publication | undefined };

/** Reader 0, publisher 1. The object's word is 0 until it is initialised, then 1. */
export function lowerLostDependency({ facts, reader, publication }: LostDependency): { readonly program: Program; readonly situation: Proposition } {
  const builder = new ProgramBuilder(facts);
  const obtain = reader.trace.events[reader.obtain];
  const access = reader.trace.events[reader.accesses[0] ?? reader.obtain];
  const key = obtain?.what.kind === "load" ? obtain.what.place.key : "pointer";
  const objectKey = `object ${structOfObject(reader.object) ?? "object"}`;
  const pointer = builder.declare(key, "int *", [{ kind: "constant", value: 0 }]);
  const object = builder.declare(objectKey, "int", [{ kind: "constant", value: 0 }]);
  const store = publication?.trace.events[publication.store];
  const init = publication?.trace.events[publication.initialisations.at(-1) ?? -1];
  builder.threads.push(
    { role: "Reader", title: obtain?.function ?? reader.trace.root, body: readerBody(builder, reader, obtain, access, pointer) },
    {
      role: "Updater", title: store?.function ?? "synthetic updater",
      body: [
        { kind: "store", tag: "plain", address: addressOf(object), value: constant(1), source: init === undefined ? { file: facts.file, line: 0, column: 0, text: "the object is initialised" } : builder.sourceOf(init) },
        { kind: "store", tag: "release", address: addressOf(pointer), value: addressOf(object), spelling: "rcu_assign_pointer", ...(store === undefined ? {} : { source: builder.sourceOf(store) }) },
      ],
    },
  );
  const obtained = registerPointsTo(0, "r0", object);
  const comments = [
    `Hazard: ${structOfObject(reader.object) ?? "object"} is seen before its initialisation (rcu/missing-dereference)`,
    `Source: ${facts.file}, ${obtain?.function ?? ""}() against ${store?.function ?? "a synthetic updater"}()`,
  ];
  const name = `${facts.file.split("/").at(-1)?.replace(/\W+/g, "-") ?? "file"}-${(obtain?.function ?? "reader").replace(/_/g, "-")}`;
  return { program: builder.program(name, comments, allOf([obtained, registerIs(0, "r1", 0)])), situation: obtained };
}

function readerBody(builder: ProgramBuilder, { trace }: ReaderUse, obtain: TraceEvent | undefined, access: TraceEvent | undefined, pointer: string): readonly Instruction[] {
  const what = obtain?.what;
  const tag = what?.kind === "load" && what.access !== "plain" ? "once" : "plain";
  const section = obtain?.readers.at(-1);
  const edge = (kind: "reader-enter" | "reader-leave"): { readonly source?: Source } => {
    const event = trace.events.find((one) => one.what.kind === kind && one.what.section !== undefined && one.what.section.serial === section?.serial);
    return event === undefined ? {} : { source: builder.sourceOf(event) };
  };
  const isMarked = access?.what.kind === "load" && access.what.access !== "plain";
  return [
    { kind: "fence", fence: "rcu-lock", ...edge("reader-enter") },
    { kind: "assign", register: "r0", value: load(addressOf(pointer), tag), ...(obtain === undefined ? {} : { source: builder.sourceOf(obtain) }) },
    isSet("r0", [{ kind: "assign", register: "r1", value: load(wordOf("r0", 0), isMarked ? "once" : "plain"), ...(access === undefined ? {} : { source: builder.sourceOf(access) }) }]),
    { kind: "fence", fence: "rcu-unlock", ...edge("reader-leave") },
  ];
}
