/** Kconfig's boolean expressions with three answers: an option that nobody decided yet may be true. */

export type Expression =
  | { readonly kind: "unknown" }
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "not"; readonly of: Expression }
  | { readonly kind: "all" | "any"; readonly of: readonly Expression[] }
  /** `SYMBOL = y`; a comparison that is none of these is unknown. */
  | { readonly kind: "equals"; readonly name: string; readonly value: "y" | "m" | "n" };

export type Truth = "false" | "maybe" | "true";

export const unknown: Expression = { kind: "unknown" };
export const always: Expression = { kind: "constant", value: true };
export const symbol = (name: string): Expression => ({ kind: "symbol", name });
export const not = (of: Expression): Expression => ({ kind: "not", of });
export const all = (of: readonly Expression[]): Expression => (of.length === 1 ? of[0]! : { kind: "all", of });
export const any = (of: readonly Expression[]): Expression => (of.length === 1 ? of[0]! : { kind: "any", of });

export function evaluate(expression: Expression, valueOf: (symbol: string) => Truth): Truth {
  switch (expression.kind) {
    case "unknown": return "maybe";
    case "constant": return expression.value ? "true" : "false";
    case "symbol": return valueOf(expression.name);
    case "not": return opposite(evaluate(expression.of, valueOf));
    case "all": return strongest(expression.of, "false", "true", valueOf);
    case "any": return strongest(expression.of, "true", "false", valueOf);
    case "equals": return equals(valueOf(expression.name), expression.value);
  }
}

/** `deciding` from one part decides the whole; with no part it is `neutral`. */
function strongest(parts: readonly Expression[], deciding: Truth, neutral: Truth, valueOf: (symbol: string) => Truth): Truth {
  let result = neutral;
  for (const part of parts) {
    const value = evaluate(part, valueOf);
    if (value === deciding) return deciding;
    if (value === "maybe") result = "maybe";
  }
  return result;
}

function opposite(value: Truth): Truth {
  return value === "maybe" ? "maybe" : value === "true" ? "false" : "true";
}

/** Only what an architecture sets is `true`, and that is `y`, never a module. */
function equals(value: Truth, wanted: "y" | "m" | "n"): Truth {
  if (value === "maybe") return "maybe";
  return (value === "true" ? "y" : "n") === wanted ? "true" : "false";
}

/** What cannot be read is unknown. `A if B`, which newer kernels allow after `depends on`, asks for A only under B. */
export function parseExpression(text: string): Expression {
  const tokens = text.match(/\$\((?:[^()]|\([^()]*\))*\)|"[^"]*"|'[^']*'|&&|\|\||!=|<=|>=|[!()=<>]|[^\s!()=<>&|"']+/g) ?? [];
  const reader = new Reader(tokens);
  const expression = reader.either();
  const condition = reader.take("if") ? reader.either() : undefined;
  if (!reader.isRead()) return unknown;
  return condition === undefined ? expression : any([not(condition), expression]);
}

/** Owns the place in the tokens. */
class Reader {
  readonly #tokens: readonly string[];
  #at = 0;
  #isBroken = false;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /** All of it, and it was an expression. */
  isRead(): boolean {
    return !this.#isBroken && this.#at === this.#tokens.length;
  }

  take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  either(): Expression {
    const parts = [this.#both()];
    while (this.take("||")) parts.push(this.#both());
    return any(parts);
  }

  #both(): Expression {
    const parts = [this.#one()];
    while (this.take("&&")) parts.push(this.#one());
    return all(parts);
  }

  #one(): Expression {
    if (this.take("!")) return not(this.#one());
    if (this.take("(")) {
      const inner = this.either();
      if (!this.take(")")) this.#isBroken = true;
      return inner;
    }
    const left = this.#word();
    for (const operator of ["=", "!=", "<", "<=", ">", ">="]) {
      if (!this.take(operator)) continue;
      return comparison(left, operator, this.#word());
    }
    return operand(left);
  }

  #word(): string {
    const word = this.#tokens[this.#at] ?? "";
    if (/^[&|!()=<>]|^$/.test(word)) this.#isBroken = true;
    else this.#at += 1;
    return word;
  }
}

const bare = (token: string): string => token.replace(/^(["'])(.*)\1$/, "$2");

function operand(token: string): Expression {
  const word = bare(token);
  if (word === "y" || word === "n") return { kind: "constant", value: word === "y" };
  return word === token && /^\w+$/.test(word) && word !== "m" ? symbol(word) : unknown;
}

function comparison(left: string, operator: string, right: string): Expression {
  if (!/^\w+$/.test(left)) return unknown;
  const value = bare(right);
  if (value !== "y" && value !== "m" && value !== "n") return unknown;
  const equal: Expression = { kind: "equals", name: left, value };
  return operator === "=" ? equal : operator === "!=" ? not(equal) : unknown;
}
