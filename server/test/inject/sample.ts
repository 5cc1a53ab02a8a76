/** Which of the places are broken: round robin over the operators, each operator's places shuffled by the seed. */

import { seededRandom } from "../../src/test-support/mutants.ts";

/** `items` have to come in an order that does not depend on who finished first. */
export function evenSample<Item extends { readonly operator: string }>(items: readonly Item[], count: number, seed: number): readonly Item[] {
  const random = seededRandom(seed);
  const byOperator = new Map<string, Item[]>();
  for (const item of items) byOperator.set(item.operator, [...(byOperator.get(item.operator) ?? []), item]);
  const piles = [...byOperator].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pile]) => shuffled(pile, random));
  const chosen: Item[] = [];
  for (let round = 0; chosen.length < count && piles.some((pile) => pile.length > round); round++) {
    for (const pile of piles) {
      const item = pile[round];
      if (item !== undefined && chosen.length < count) chosen.push(item);
    }
  }
  return chosen;
}

function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const pile = [...items];
  for (let i = pile.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [pile[i], pile[j]] = [pile[j]!, pile[i]!];
  }
  return pile;
}
