/** What a path knows of its registers: which arms of a later condition are still possible. Memory is not followed. */
import type { Condition, Operand, Step } from "../driver/steps.ts";

export type Facts = {
  readonly values: ReadonlyMap<string, Operand>;
  readonly among: ReadonlyMap<string, readonly number[]>;
  /** Conditions that were decided, by their text after substitution. */
  readonly decided: ReadonlyMap<string, boolean>;
};

export const noFacts: Facts = { values: new Map(), among: new Map(), decided: new Map() };

const isConstant = (operand: Operand): boolean => typeof operand === "number" || operand.startsWith("&");
const opposites: Readonly<Partial<Record<Condition["operator"], Condition["operator"]>>> = { "!=": "==", ">=": "<", "<=": ">" };
const mirrored: Readonly<Partial<Record<Condition["operator"], Condition["operator"]>>> = { "==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

/** `undefined`: both ways are possible. */
export function decide(condition: Condition, facts: Facts): boolean | undefined {
  const { left, operator, right, isNegated } = normal(condition, facts);
  const found = evaluate(left, operator, right) ?? facts.decided.get(textOf(left, operator, right)) ?? byDomain(left, operator, right, facts);
  return found === undefined ? undefined : found !== isNegated;
}

export function assume(condition: Condition, holds: boolean, facts: Facts): Facts {
  const { left, operator, right, isNegated } = normal(condition, facts);
  const truth = holds !== isNegated;
  const decided = new Map(facts.decided).set(textOf(left, operator, right), truth);
  if (operator === "==" && typeof left === "string" && !isConstant(left)) {
    const rest = facts.among.get(left)?.filter((one) => (one === right) === truth);
    if (truth && isConstant(right)) return { ...facts, decided, values: new Map(facts.values).set(left, right) };
    if (rest?.length === 1) return { ...facts, decided, values: new Map(facts.values).set(left, rest[0]!) };
    if (rest !== undefined) return { ...facts, decided, among: new Map(facts.among).set(left, rest) };
  }
  return { ...facts, decided };
}

/** Every register is set once on a path, so nothing learnt is ever out of date. */
export function learn(step: Step, facts: Facts): Facts {
  if (step.kind === "set") return { ...facts, values: new Map(facts.values).set(step.dst, resolve(step.value, facts)) };
  if (step.kind === "alloc") return { ...facts, values: new Map(facts.values).set(step.dst, `&${step.object}`) };
  if (step.kind === "get-ref-unless-zero") return { ...facts, among: new Map(facts.among).set(step.dst, [0, 1]) };
  return facts;
}

const resolve = (operand: Operand, facts: Facts): Operand => (typeof operand === "string" ? facts.values.get(operand) ?? operand : operand);

/** A constant stands on the right, and of two opposite operators one is used. */
function normal({ left, operator, right }: Condition, facts: Facts): Condition & { readonly isNegated: boolean } {
  let [a, b, by] = [resolve(left, facts), resolve(right, facts), operator];
  const other = mirrored[by];
  if (other !== undefined && (isConstant(a) !== isConstant(b) ? isConstant(a) : String(a) > String(b))) [a, b, by] = [b, a, other];
  const opposite = opposites[by];
  return { left: a, right: b, operator: opposite ?? by, isNegated: opposite !== undefined };
}

const textOf = (left: Operand, operator: string, right: Operand): string => `${String(left)} ${operator} ${String(right)}`;

function byDomain(left: Operand, operator: string, right: Operand, facts: Facts): boolean | undefined {
  const among = typeof left === "string" ? facts.among.get(left) : undefined;
  return operator === "==" && typeof right === "number" && among?.includes(right) === false ? false : undefined;
}

function evaluate(left: Operand, operator: Condition["operator"], right: Operand): boolean | undefined {
  if (left === right && (operator === "==" || operator === "<" || operator === ">")) return operator === "==";
  if (!isConstant(left) || !isConstant(right)) return undefined;
  if (typeof left === "string" || typeof right === "string") {
    // An object and its first word have one address: only different objects are told apart.
    const areApart = left === 0 || right === 0 || (typeof left === "string" && typeof right === "string" && left.split(".")[0] !== right.split(".")[0]);
    return operator === "==" && areApart ? false : undefined;
  }
  switch (operator) {
    case "==": return left === right;
    case "!=": return left !== right;
    case "<": return left < right;
    case ">": return left > right;
    case "<=": return left <= right;
    case ">=": return left >= right;
    case "+": return left + right !== 0;
    case "-": return left - right !== 0;
    case "*": return left * right !== 0;
    case "/": return right === 0 ? undefined : Math.trunc(left / right) !== 0;
    case "&": return (left & right) !== 0;
    case "|": return (left | right) !== 0;
    case "^": return (left ^ right) !== 0;
  }
}
