/** The text that a call of a macro stands for. */

const piece = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\s*##\s*|#\s*[A-Za-z_]\w*|[A-Za-z_]\w*/g;

/** undefined where the arguments do not fit. `args` as written; a variadic macro takes what is left. */
export function substituted(parameters: readonly string[], body: string, args: readonly string[]): string | undefined {
  const values = valuesOf(parameters, args);
  if (values === undefined) return undefined;
  const text = body.replace(piece, (part) => {
    if (part.startsWith('"') || part.startsWith("'")) return part;
    if (part.includes("##")) return "\uE000";
    if (part.startsWith("#")) return '""';
    return values.get(part) ?? part;
  });
  // `, ## __VA_ARGS__` with no argument takes the comma along; any other pasting makes one word of two.
  return text.replace(/,\uE000\s*(?=[),;]|$)/g, "").replace(/,\uE000/g, ", ").replaceAll("\uE000", "");
}

function valuesOf(parameters: readonly string[], args: readonly string[]): ReadonlyMap<string, string> | undefined {
  const last = parameters.at(-1) ?? "";
  const isVariadic = last.endsWith("...");
  const fixed = isVariadic ? parameters.slice(0, -1) : parameters;
  // `foo()` of one parameter is called with an empty one.
  const given = fixed.length === 1 && args.length === 0 ? [""] : args;
  if (isVariadic ? given.length < fixed.length : given.length !== fixed.length) return undefined;
  const values = new Map(fixed.map((name, index) => [name, given[index] ?? ""]));
  if (isVariadic) values.set(last === "..." ? "__VA_ARGS__" : last.slice(0, -3).trim(), given.slice(fixed.length).join(", "));
  return values;
}

/** Names that a body calls, its own parameters left out. */
export function namesCalledIn(body: string, parameters: readonly string[]): readonly string[] {
  const names = [...body.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)].map(([, name = ""]) => name);
  return [...new Set(names)].filter((name) => !parameters.includes(name) && !words.has(name));
}

/** A parameter that is called: what that does, the call decides. */
export function callsItsParameter(body: string, parameters: readonly string[]): boolean {
  return parameters.some((name) => new RegExp(`\\b${name === "..." ? "__VA_ARGS__" : name.replace(/\W/g, "")}\\s*\\(`).test(body));
}

const words: ReadonlySet<string> = new Set(["if", "while", "for", "switch", "return", "sizeof", "do", "else", "typeof", "__typeof__", "__builtin_constant_p", "__builtin_offsetof", "offsetof", "__attribute__", "_Generic"]);
