/** A Kconfig file: what each option depends on, and under what other files are read. */

import { all, type Expression, parseExpression } from "./expression.ts";

export type KconfigFile = {
  /** Of an option with several blocks: one condition each. `if`, `menu` and `choice` around a block are in it. */
  readonly optionsByName: ReadonlyMap<string, readonly Expression[]>;
  readonly sources: readonly KconfigSource[];
};

/** `path` is as written: from the root of the tree, or from this folder where `isRelative`. */
export type KconfigSource = { readonly path: string; readonly isRelative: boolean; readonly condition: Expression };

/** `depends on` after its opening line adds to it. */
type Block = { readonly conditions: Expression[] };

export function parseKconfig(text: string): KconfigFile {
  const options: { readonly name: string; readonly around: readonly Block[] }[] = [];
  const sources: { readonly path: string; readonly isRelative: boolean; readonly around: readonly Block[] }[] = [];
  const open: Block[] = [];
  let current: Block | undefined;
  const enter = (block: Block): Block => {
    open.push(block);
    return block;
  };
  for (const line of statements(text)) {
    const [, word = "", rest = ""] = /^\s*(\w+)\b\s*(.*)$/.exec(line) ?? [];
    switch (word) {
      case "config": case "menuconfig":
        current = { conditions: [] };
        options.push({ name: rest.trim(), around: [...open, current] });
        break;
      case "comment": case "mainmenu": current = { conditions: [] }; break;
      case "menu": case "choice": current = enter({ conditions: [] }); break;
      case "if": current = undefined; enter({ conditions: [parseExpression(rest)] }); break;
      case "endif": case "endmenu": case "endchoice": current = undefined; open.pop(); break;
      case "depends": current?.conditions.push(parseExpression(rest.replace(/^on\b/, ""))); break;
      case "source": case "osource": case "rsource": case "orsource":
        current = undefined;
        sources.push({ path: rest.trim().replace(/^"(.*)"$/, "$1"), isRelative: word.includes("rs"), around: [...open] });
        break;
      default: break;
    }
  }
  const conditionOf = ({ around }: { readonly around: readonly Block[] }): Expression => all(around.flatMap(({ conditions }) => conditions));
  const optionsByName = new Map<string, Expression[]>();
  for (const option of options) optionsByName.set(option.name, [...(optionsByName.get(option.name) ?? []), conditionOf(option)]);
  return { optionsByName, sources: sources.map((one) => ({ path: one.path, isRelative: one.isRelative, condition: conditionOf(one) })) };
}

/** Lines without help texts and comments, continued ones joined. A help text ends where the indentation gets less than in its first line. */
function statements(text: string): readonly string[] {
  const result: string[] = [];
  let helpIndent: number | "next" | undefined;
  for (const line of text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const indent = indentOf(line);
    if (helpIndent === "next") helpIndent = indent > 0 ? indent : undefined;
    if (helpIndent !== undefined && indent >= helpIndent) continue;
    helpIndent = undefined;
    if (/^\s*(?:help|---help---)\s*$/.test(line)) helpIndent = "next";
    else result.push(withoutComment(line));
  }
  return result;
}

function indentOf(line: string): number {
  let column = 0;
  for (const char of line) {
    if (char === "\t") column += 8 - (column % 8);
    else if (char === " ") column += 1;
    else break;
  }
  return column;
}

function withoutComment(line: string): string {
  return /^(?:[^#"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*/.exec(line)?.[0] ?? line;
}
