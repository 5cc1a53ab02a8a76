/** Broken kernel C, made from whole kernel C: the same seed gives the same mutant on every machine. */

export type Random = () => number;

/** mulberry32: enough for mutants. In [0, 1). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const inserted = [
  "{", "}", "(", ")", "[", "]", ";", ",", ":", "?", "=", "*", "&", "#", "\\", '"', "'", "<", ">", ".", "~",
  "/*", "*/", "//", "->", "...", "\n", "\r\n", "\r", "\0", "\ufeff", "\ud800", "é", "\\\n", "\\\r\n", '"\\\n', "L'", "((((((((", "}}}}", "{{{{", "[[[[",
  "\n#if X\n", "\n#ifdef CONFIG_X\n", "\n#elif Y\n", "\n#else\n", "\n#endif\n", "\n#define M(x) \\\n\t", "\n#define LOOP(x) for (;;)\n", "\n#define ATTR __attribute__((unused))\n", "\n#include <a.h>\n", "\n#if 0\n",
  " struct ", " enum {", " typedef ", " static ", " if (", " else ", " for (", " while ", " do ", " case ", " default:", " switch (", " goto *", " return ", " asm(", " asm goto(", " typeof(", " sizeof ", " _Generic(",
  " MACRO(", " list_for_each_entry_rcu(", " scoped_guard(rcu) ", " guard(mutex)(&l);", " __rcu ", " __free(kfree) ", " DEFINE_SPINLOCK(", " SYSCALL_DEFINE3(", " struct_group(", " extern \"C\" {", " 0x1p-", " 1e+", " .5.. ",
];

const brackets = /[(){}[\];,]/g;

/** One to eight wounds. */
export function mutantOf(source: string, random: Random): string {
  let text = source;
  for (let wounds = 1 + Math.floor(random() * 8); wounds > 0; wounds--) text = wounded(text, random);
  return text;
}

function wounded(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  const span = Math.floor(random() * random() * 400);
  const kind = random();
  if (kind < 0.4) return text.slice(0, at) + inserted[Math.floor(random() * inserted.length)]! + text.slice(at);
  if (kind < 0.55) return text.slice(0, at) + text.slice(at + span);
  if (kind < 0.75) {
    brackets.lastIndex = at;
    const found = brackets.exec(text);
    return found === null ? text : text.slice(0, found.index) + text.slice(found.index + 1);
  }
  if (kind < 0.83) {
    const from = Math.floor(random() * (text.length + 1));
    return text.slice(0, at) + text.slice(from, from + span) + text.slice(at);
  }
  if (kind < 0.9) return text.slice(0, at) + (inserted[Math.floor(random() * inserted.length)]! + " ").repeat(1 + Math.floor(random() * 30)) + text.slice(at);
  if (kind < 0.95) return text.slice(0, at) + text.slice(at).replaceAll(/\r?\n/g, random() < 0.5 ? "\r\n" : "\n");
  if (kind < 0.97) return text.slice(0, at) + text.slice(at).replaceAll("\n", " ");
  return random() < 0.5 ? text.slice(0, at) : text.slice(at);
}

/** The first place where the rewritten text is not laid out as the source, in words. */
export function layoutDifference(source: string, text: string): string | undefined {
  if (source.length !== text.length) return `${text.length} characters of ${source.length}`;
  for (let at = 0; at < source.length; at++) {
    const a = source.charCodeAt(at);
    const b = text.charCodeAt(at);
    if ((a === 10 || a === 13 || b === 10 || b === 13) && a !== b) return `a line break moved at ${at}`;
  }
  return undefined;
}
