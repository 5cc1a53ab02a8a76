/*
 * Which macros a litmus test may use: the table of primitives.ts, less what the chosen model lacks, with
 * what a kernel tree's linux-kernel.def adds or defines otherwise.
 */
import { primitives, type Primitive } from "../lkmm/primitives.ts";
import { profileOf, type ModelName } from "../lkmm/lkmm.ts";

/** A definition of the user's tree; `primitive` is undefined where we cannot say what it does. */
export type MacroDefinition = { readonly name: string; readonly primitive: Primitive | undefined; readonly text: string };

export type MacroTable = {
  /** What threads read with this table have in common; undefined where a kernel tree defines macros of its own. */
  readonly name: string | undefined;
  /** A string says why the macro cannot be used. */
  readonly find: (name: string) => Primitive | string;
};

export function macroTable(model: ModelName, definitions: readonly MacroDefinition[]): MacroTable {
  const { release, missingMacros } = profileOf(model);
  const own = new Map(definitions.map((definition) => [definition.name, definition]));
  return {
    name: definitions.length === 0 ? release : undefined,
    find(name) {
      const definition = own.get(name);
      if (definition !== undefined) return definition.primitive ?? `\`${name}\` is defined as \`${definition.text}\` in the kernel tree, which is not understood: expected a macro of linux-kernel.def (Linux ${release})`;
      const primitive = missingMacros.has(name) ? undefined : primitives.get(name);
      return primitive ?? `unknown macro \`${name}\`: expected one of linux-kernel.def (Linux ${release})`;
    },
  };
}
