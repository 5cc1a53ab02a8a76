import type { FunctionDef, GlobalDef, Include, MacroDef, OtherDefinition, SkippedArm, Span, StructDef, TopLevelCall, TranslationUnit } from "./c-syntax.ts";
import { Conversion } from "./conversion.ts";
import { convertDeclarators, convertStruct, hasBody, isStaticDeclaration } from "./convert-declarations.ts";
import { convertFunction } from "./convert-functions.ts";
import { convertBlockItems } from "./convert-statements.ts";
import { globalOfMacro } from "./declaring-macros.ts";
import { defineOf, textWithoutComments } from "./directives.ts";
import type { FlatTree } from "./flat-tree.ts";
import { damageOf, notAnalysedOf } from "./not-analysed.ts";
import type { Damage, Root } from "./not-analysed.ts";
import type { NoteIndex } from "./note-index.ts";
import type { Rewritten } from "./rewrite.ts";

/** What stands in one child of the tree's root: the unit is made of these, and of what the rewriting noted. */
export type ItemSyntax = Pick<TranslationUnit, "functions" | "structs" | "globals"> & Damage & Span;

type Input = { readonly source: string; readonly rewritten: Rewritten; readonly notes: NoteIndex };

export function conversionOf(input: Input & { readonly tree: FlatTree }): Conversion {
  return new Conversion({ ...input, nested: { blockItems: convertBlockItems } });
}

/** Reads no further than to the neighbours of the root's child `root`. */
export function convertItem(c: Conversion, root: number): ItemSyntax {
  const { tree } = c;
  const functions: FunctionDef[] = [];
  const structs: StructDef[] = [];
  const globals: GlobalDef[] = [];
  const end = tree.after[root]!;
  for (let node = root; node < end; ) {
    switch (c.type(node)) {
      case "function_definition": {
        const fn = convertFunction(c, node);
        if (fn !== undefined) functions.push(fn);
        node = structsInto(c, node, structs);
        break;
      }
      case "declaration":
        for (const declarator of convertDeclarators(c, node)) {
          globals.push({ ...c.span(node), isStatic: isStaticDeclaration(c, node), declarator });
        }
        node = structsInto(c, node, structs);
        break;
      case "type_definition":
      case "struct_specifier":
      case "union_specifier":
        node = structsInto(c, node, structs);
        break;
      case "ERROR":
        node++;
        break;
      default:
        node = tree.after[node]!;
    }
  }
  return { ...c.span(root), functions, structs, globals, ...damageOf(c, root) };
}

/** The items of the parse tree and the rewriting's notes, put together into the file as it was written. */
export function unitOf({ source, rewritten, notes }: Input, root: Root<ItemSyntax>): TranslationUnit {
  const { functions, otherDefinitions } = firstOfEachName(root.items);
  const structs = root.items.flatMap((item) => item.structs);
  const globals = root.items.flatMap((item) => item.globals);
  const topLevelCalls = topLevelCallsOf(source, notes);
  for (const note of notes.of("top-level-call")) {
    const global = globalOfMacro(source, notes, note);
    if (global !== undefined) globals.push(global);
  }
  globals.sort((a, b) => a.start - b.start);
  return {
    text: source,
    functions,
    structs,
    globals,
    includes: includesOf(rewritten),
    macros: macrosOf(rewritten),
    topLevelCalls,
    notAnalysed: notAnalysedOf({ source, notes, functions, root }),
    skippedArms: skippedArmsOf(source, notes),
    otherDefinitions,
  };
}

/** A call that is no keyword, or an assignment. */
const act = /\b(?!(?:if|while|for|switch|return|sizeof|defined)\b)\w+\s*\(|[^=!<>]=(?!=)|\+\+|--/;

function skippedArmsOf(source: string, notes: NoteIndex): readonly SkippedArm[] {
  const living = [...notes.of("skipped-arm")].map(({ start, end, name }) => ({ start, end, directive: name, acts: act.test(textWithoutComments(source.slice(start, end))) }));
  const dead = [...notes.of("dead-arm")].map(({ start, end, name }) => ({ start, end, directive: name, acts: false }));
  return [...living, ...dead].sort((a, b) => a.start - b.start);
}

/** Both arms of a file-level `#if` are read: of two functions with one name the first counts. */
function firstOfEachName(items: readonly ItemSyntax[]): { readonly functions: readonly FunctionDef[]; readonly otherDefinitions: readonly OtherDefinition[] } {
  const names = new Set<string>();
  const functions: FunctionDef[] = [];
  const otherDefinitions: OtherDefinition[] = [];
  for (const item of items) {
    for (const fn of item.functions) {
      if (names.has(fn.name)) otherDefinitions.push({ start: fn.start, end: fn.end, name: fn.name });
      else {
        names.add(fn.name);
        functions.push(fn);
      }
    }
  }
  return { functions, otherDefinitions };
}

/** Every struct and union with a body under the node, named by the typedef when it has no tag. Gives the node after. */
function structsInto(c: Conversion, node: number, structs: StructDef[]): number {
  const after = c.tree.after[node]!;
  for (let at = node; at < after; at++) {
    if (!hasBody(c, at)) continue;
    const isOutermost = at === node || c.child(node, "type") === at;
    const struct = convertStruct(c, at, isOutermost && c.type(node) === "type_definition" ? typedefName(c, node) : undefined);
    // An unnamed one inside another is found as the field's `nested`.
    if (struct.name !== undefined || isOutermost) structs.push(struct);
  }
  return after;
}

function typedefName(c: Conversion, node: number): string | undefined {
  const declarator = c.childrenIn(node, "declarator").find((child) => c.type(child) === "type_identifier");
  return declarator === undefined ? undefined : c.text(declarator);
}

function topLevelCallsOf(source: string, notes: NoteIndex): readonly TopLevelCall[] {
  return [...notes.of("top-level-call")].map(({ start, end, name, args }) => ({
    start,
    end,
    name,
    args: (args ?? []).map((arg) => source.slice(arg.start, arg.end)),
  }));
}

function includesOf({ directives }: Rewritten): readonly Include[] {
  return directives.flatMap(({ name, text, start, end }) => {
    const matched = name === "include" ? /^(?:"([^"]*)"|<([^>]*)>)/.exec(text) : null;
    if (matched === null) return [];
    return [{ start, end, path: matched[1] ?? matched[2] ?? "", system: matched[2] !== undefined }];
  });
}

function macrosOf({ directives }: Rewritten): readonly MacroDef[] {
  return directives.flatMap((directive) => defineOf(directive) ?? []);
}
