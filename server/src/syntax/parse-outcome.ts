import type { TranslationUnit } from "./c-syntax.ts";
import type { MacroLists } from "./macro-lists.ts";

export type ParseOutcome = { readonly kind: "parsed"; readonly unit: TranslationUnit } | { readonly kind: "refused"; readonly reason: string };

export type ParseOptions = {
  /** Asked now and then while the grammar runs; true ends the parse, which is then refused as stopped. */
  readonly shouldStop?: () => boolean;
  readonly macros?: MacroLists;
};
