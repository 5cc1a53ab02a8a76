import type { FunctionDef, GlobalDef, Include, MacroDef, OtherDefinition, SkippedArm, StructDef, TopLevelCall, TranslationUnit } from "./c-syntax.ts";
import { Conversion } from "./conversion.ts";
import { convertDeclarators, convertStruct, hasBody, isStaticDeclaration } from "./convert-declarations.ts";
import { convertFunction } from "./convert-functions.ts";
import { convertBlockItems } from "./convert-statements.ts";
import { globalOfMacro } from "./declaring-macros.ts";
import { defineOf, textWithoutComments } from "./directives.ts";
import type { FlatTree } from "./flat-tree.ts";
import { notAnalysedOf } from "./not-analysed.ts";
import type { Rewritten } from "./rewrite.ts";

/** The parse tree of the rewritten text and the rewriting's notes, put together into the file as it was written. */
export function convertUnit(source: string, rewritten: Rewritten, tree: FlatTree): TranslationUnit {
  const c = new Conversion({ source, rewritten, tree, nested: { blockItems: convertBlockItems } });
  const functions: FunctionDef[] = [];
  const structs: StructDef[] = [];
  const globals: GlobalDef[] = [];
  const names = new Set<string>();
  const otherDefinitions: OtherDefinition[] = [];
  for (let node = 0; node < tree.count; ) {
    switch (c.type(node)) {
      case "function_definition": {
        const fn = convertFunction(c, node);
        // Both arms of a file-level `#if` are read: of two functions with one name the first counts.
        if (fn !== undefined && names.has(fn.name)) otherDefinitions.push({ start: fn.start, end: fn.end, name: fn.name });
        else if (fn !== undefined) {
          names.add(fn.name);
          functions.push(fn);
        }
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
      case "translation_unit":
      case "ERROR":
        node++;
        break;
      default:
        node = tree.after[node]!;
    }
  }
  const topLevelCalls = topLevelCallsOf(c);
  for (const note of c.notesOf("top-level-call")) {
    const global = globalOfMacro(c, note);
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
    notAnalysed: notAnalysedOf(c, functions),
    skippedArms: skippedArmsOf(c),
    otherDefinitions,
  };
}

/** A call that is no keyword, or an assignment. */
const act = /\b(?!(?:if|while|for|switch|return|sizeof|defined)\b)\w+\s*\(|[^=!<>]=(?!=)|\+\+|--/;

function skippedArmsOf(c: Conversion): readonly SkippedArm[] {
  const living = [...c.notesOf("skipped-arm")].map(({ start, end, name }) => ({ start, end, directive: name, acts: act.test(textWithoutComments(c.source.slice(start, end))) }));
  const dead = [...c.notesOf("dead-arm")].map(({ start, end, name }) => ({ start, end, directive: name, acts: false }));
  return [...living, ...dead].sort((a, b) => a.start - b.start);
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

function topLevelCallsOf(c: Conversion): readonly TopLevelCall[] {
  return [...c.notesOf("top-level-call")].map(({ start, end, name, args }) => ({
    start,
    end,
    name,
    args: (args ?? []).map((arg) => c.source.slice(arg.start, arg.end)),
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
