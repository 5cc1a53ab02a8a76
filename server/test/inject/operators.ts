/** Every operator, sorted by name. */

import type { Operator } from "./operator.ts";
import { operators as contexts } from "./operators/contexts.ts";
import { operators as lifetimes } from "./operators/lifetimes.ts";
import { operators as publication } from "./operators/publication.ts";

export const operators: readonly Operator[] = [...contexts, ...lifetimes, ...publication].sort((a, b) => (a.name < b.name ? -1 : 1));
