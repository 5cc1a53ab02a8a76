/** Words and registers that hold values of one type, because one is copied to the other or compared with it. */

/** What is known of all members of a family. */
type Facts = { isPointer: boolean; isFollowed: boolean; number: number | undefined };

export class Kinship {
  readonly #parents = new Map<string, string>();
  readonly #facts = new Map<string, Facts>();

  join(one: string, other: string): void {
    const [to, from] = [this.#root(one), this.#root(other)];
    if (to === from) return;
    const [facts, more] = [this.#factsOf(to), this.#factsOf(from)];
    facts.isPointer ||= more.isPointer;
    facts.isFollowed ||= more.isFollowed;
    facts.number ??= more.number;
    this.#parents.set(from, to);
    this.#facts.delete(from);
  }

  /** An address is put into it. */
  point(key: string): void {
    this.#factsOf(this.#root(key)).isPointer = true;
  }

  /** Somebody reads or writes through it. */
  follow(key: string): void {
    const facts = this.#factsOf(this.#root(key));
    facts.isPointer = true;
    facts.isFollowed = true;
  }

  /** A number is put into it; 0 is NULL. */
  hold(key: string, number: number): void {
    if (number !== 0) this.#factsOf(this.#root(key)).number ??= number;
  }

  isPointer(key: string): boolean {
    return this.#facts.get(this.#root(key))?.isPointer === true;
  }

  /** A number in a family of pointers some of which are followed. */
  followedNumber(): number | undefined {
    return [...this.#facts.values()].find(({ isFollowed, number }) => isFollowed && number !== undefined)?.number;
  }

  #root(key: string): string {
    let root = key;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    return root;
  }

  #factsOf(root: string): Facts {
    const facts = this.#facts.get(root) ?? { isPointer: false, isFollowed: false, number: undefined };
    this.#facts.set(root, facts);
    return facts;
  }
}
