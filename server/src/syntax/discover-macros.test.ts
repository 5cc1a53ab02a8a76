import { describe, expect, test } from "vitest";
import { discoverMacros } from "./discover-macros.ts";
import { kernelMacros, mergedMacros } from "./macro-lists.ts";
import { rewriteKernelC } from "./rewrite.ts";

describe("macros that are syntax", () => {
  test("an attribute is one whose every body is made of attributes", () => {
    const { attributes } = discoverMacros([
      "#define __own_used __attribute__((used))\n#define __own_init __own_used __attribute__((section(\".x\"))) /* why */\n",
      "#ifdef A\n# define __own_arm __attribute__((cold))\n#else\n# define __own_arm\n#endif\n",
      "#define __own_inline inline __own_used\n#define NOT_ONE 3\n#define __not_always __attribute__((cold))\n#define __not_always 1\n",
      "#ifndef _OWN_H\n#define _OWN_H\n#define vector __attribute__((vector))\n#define __const_only static const\n#endif\n",
    ]);
    expect(attributes).toEqual(["__own_arm", "__own_init", "__own_inline", "__own_used"]);
  });

  test("an attribute with arguments may use another one, and a call that does nothing is none", () => {
    const { attributeCalls, attributes } = discoverMacros([
      "#define __own_holds(x) __own_context(x, 1, 1)\n#define __own_context(x, a, b) \\\n\t__attribute__((context(x, a, b)))\n",
      "#define __own_flush(x)\n#define __own_bound(x) __own_tag __own_holds(x)\n#define __own_tag __own_holds(z)\n#define own_call(x) do { } while (0)\n",
    ]);
    expect(attributeCalls).toEqual(["__own_bound", "__own_context", "__own_holds"]);
    expect(attributes).toEqual(["__own_tag"]);
  });

  test("a loop is one whose body asks for a statement, directly or through another", () => {
    const { loops } = discoverMacros([
      "#define all_of(p, h) \\\n\tfor (p = (h)->first; p; p = p->next)\n#define all_mine(p) all_of(p, &mine)\n",
      "#define those_of(p) if (!(p)) {} else for (; p; p = 0)\n#define guarded(p) for_each(p) if (p->ok)\n#define none_of(p) for (;;) { f(p); }\n#define last_of(p) (f(p), for (;;))\n",
    ]);
    expect(loops).toContain("all_of");
    expect(loops).toContain("all_mine");
    expect(loops).toContain("those_of");
    expect(loops).not.toContain("last_of");
  });

  test("the order of the files changes nothing, and mutilated ones do no harm", () => {
    const files = ["#define __a __b\n", "#define __b __attribute__((x))\n", "#define __c __attribute__((\n#define (\n#define\n# define __d \\", "\0"];
    expect(discoverMacros(files)).toEqual(discoverMacros([...files].reverse()));
    expect(discoverMacros(files).attributes).toEqual(["__a", "__b"]);
  });

  test("the lists of a workspace are added to the shipped ones", () => {
    const own = discoverMacros(["#define __own_attr __attribute__((x))\n#define all_of(p) for (p = h; p; p = p->next)\n"]);
    const source = "static int f(void)\n{\n\tint x __own_attr = 1;\n\n\tall_of(p)\n\t\t++p->n;\n}\n";
    const kinds = (macros = kernelMacros) => rewriteKernelC(source, macros).notes.map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds(mergedMacros(kernelMacros, own))).toContain("loop all_of");
    expect(kinds()).not.toContain("loop all_of");
  });
});
