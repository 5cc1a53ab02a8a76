import { describe, expect, it } from "vitest";
import type { Architectures } from "../../evidence/architectures.ts";
import { BuildTree } from "./build-tree.ts";

const root = { Kbuild: "obj-y += drivers/\nobj-$(CONFIG_NET) += net/\n", Kconfig: 'source "drivers/Kconfig"\nsource "net/Kconfig"\n' };
const built = (file: string, tree: Readonly<Record<string, string>>): Architectures => new BuildTree((path) => ({ ...root, ...tree })[path]).architecturesOf(file);

/** One driver whose option has these lines. */
const withOption = (lines: string, name = "DEMO"): Architectures =>
  built("drivers/demo/demo.c", { "drivers/demo/Makefile": `obj-$(CONFIG_DEMO) += demo.o\n`, "drivers/demo/Kconfig": `config ${name}\n\tbool "Demo"\n${lines}\n` });

describe("what an option depends on", () => {
  it("an architecture limits it", () => { expect(withOption("\tdepends on PCI && X86")).toEqual(["x86"]); });
  it("one of two architectures does", () => { expect(withOption("\tdepends on ARM || ARM64")).toEqual(["arm", "arm64"]); });
  it("a half of an architecture does", () => { expect(withOption("\tdepends on X86_64 || PPC64")).toEqual(["powerpc", "x86"]); });
  it("COMPILE_TEST counts as not set", () => { expect(withOption("\tdepends on S390 || COMPILE_TEST")).toEqual(["s390"]); });
  it("COMPILE_TEST alone is no way to build it, so nothing is known", () => { expect(withOption("\tdepends on COMPILE_TEST")).toBe("any"); });
  it("an option that is not there may be anything", () => { expect(withOption("\tdepends on ARCH_DEMO || X86")).toBe("any"); });
  it("lines add up", () => { expect(withOption("\tdepends on X86 || ARM64\n\tdepends on !ARM64")).toEqual(["x86"]); });
  it("a condition on half of an architecture takes nothing away", () => { expect(withOption("\tdepends on (X86 && !X86_32) || RISCV")).toEqual(["riscv", "x86"]); });
  it("a comparison is read where it is about y, m or n", () => {
    expect(withOption("\tdepends on X86=y")).toEqual(["x86"]);
    expect(withOption("\tdepends on S390 != n")).toEqual(["s390"]);
    expect(withOption('\tdepends on DEMO_WORD = "x86"')).toBe("any");
    expect(withOption("\tdepends on $(cc-option,-mfoo) && X86")).toEqual(["x86"]);
  });
  it("a dependency under a condition is asked for only there", () => { expect(withOption("\tdepends on X86 if !ARM64\n\tdepends on X86 || ARM64")).toEqual(["arm64", "x86"]); });
  it("what cannot be read takes nothing away", () => { for (const text of ["X86 &&", "(X86", "X86)", "X86 S390", "&& X86", "X86 ="]) expect(withOption(`\tdepends on ${text}`), text).toBe("any"); });
  it("comments and help texts say nothing", () => {
    expect(withOption("\tdepends on X86 # || ARM64")).toEqual(["x86"]);
    expect(withOption("\thelp\n\t  This one\n\n\t  depends on X86\n\t    if S390")).toBe("any");
  });
  it("a line goes on after a backslash", () => { expect(withOption("\tdepends on X86 || \\\n\t\tARM64")).toEqual(["arm64", "x86"]); });
  it("several blocks of one option are ways to have it", () => {
    expect(withOption('\tdepends on X86\n\nconfig DEMO\n\tbool "Demo"\n\tdepends on S390')).toEqual(["s390", "x86"]);
  });
  it("an option of another option, and one that asks for itself", () => {
    expect(withOption("\tdepends on DEMO_BUS\n\nconfig DEMO_BUS\n\tbool\n\tdepends on ARM64")).toEqual(["arm64"]);
    expect(withOption("\tdepends on !DEMO_BUS\n\nconfig DEMO_BUS\n\tbool\n\tdepends on ARM64")).toBe("any");
    expect(withOption("\tdepends on DEMO || X86")).toBe("any");
  });
});

describe("what stands around an option", () => {
  const inBlocks = (kconfig: string): Architectures => built("drivers/demo/demo.c", { "drivers/demo/Makefile": "obj-$(CONFIG_DEMO) += demo.o\n", "drivers/demo/Kconfig": kconfig });
  it("if and menu limit it, and end", () => {
    expect(inBlocks("if X86\nconfig DEMO\n\tbool\nendif\n")).toEqual(["x86"]);
    expect(inBlocks('menu "Demo"\n\tdepends on ARM64\nconfig DEMO\n\tbool\nendmenu\n')).toEqual(["arm64"]);
    expect(inBlocks("if X86\nconfig OTHER\n\tbool\nendif\nconfig DEMO\n\tbool\n")).toBe("any");
  });
  it("menuconfig does not limit what only follows it", () => {
    expect(inBlocks("menuconfig OTHER\n\tbool\n\tdepends on X86\nconfig DEMO\n\tbool\n")).toBe("any");
    expect(inBlocks("menuconfig OTHER\n\tbool\n\tdepends on X86\nif OTHER\nconfig DEMO\n\tbool\nendif\n")).toEqual(["x86"]);
  });
  it("what limits a comment limits nothing", () => { expect(inBlocks('config DEMO\n\tbool\ncomment "Demo needs it"\n\tdepends on X86\n')).toBe("any"); });
  it("where the file is read counts, through every file above it", () => {
    const tree = { "drivers/demo/Makefile": "obj-$(CONFIG_DEMO) += demo.o\n", "drivers/demo/Kconfig": "config DEMO\n\tbool\n" };
    expect(built("drivers/demo/demo.c", { ...tree, "drivers/Kconfig": 'if X86\nsource "drivers/demo/Kconfig"\nendif\n' })).toEqual(["x86"]);
    expect(built("drivers/demo/demo.c", { ...tree, "drivers/Kconfig": 'menu "D"\n\tdepends on S390\nrsource "demo/Kconfig"\nendmenu\n' })).toEqual(["s390"]);
    expect(built("drivers/demo/demo.c", { ...tree, Kconfig: 'if ARM64\nsource "drivers/Kconfig"\nendif\n', "drivers/Kconfig": 'source "drivers/demo/Kconfig"\n' })).toEqual(["arm64"]);
  });
});

describe("what a Makefile builds", () => {
  const kconfig = { "drivers/demo/Kconfig": "config DEMO_X86\n\tbool\n\tdepends on X86\nconfig DEMO_ARM64\n\tbool\n\tdepends on ARM64\n" };
  const made = (makefile: string, file = "drivers/demo/demo.c"): Architectures => built(file, { ...kconfig, "drivers/demo/Makefile": makefile });
  it("an object that is always built", () => { expect(made("obj-y := other.o \\\n\tdemo.o\n")).toBe("any"); });
  it("an object under an architecture itself", () => { expect(made("obj-$(CONFIG_X86) += demo.o\n")).toEqual(["x86"]); });
  it("two ways to build it", () => { expect(made("obj-$(CONFIG_DEMO_X86) += demo.o\nobj-$(CONFIG_DEMO_ARM64) += demo.o\n")).toEqual(["arm64", "x86"]); });
  it("an object that is a part of another one", () => {
    expect(made("demo_all-y := core.o demo.o\nobj-$(CONFIG_DEMO_X86) += demo_all.o\n")).toEqual(["x86"]);
    expect(made("demo-all-objs += demo.o\nobj-$(CONFIG_DEMO_X86) += demo-all.o\n")).toEqual(["x86"]);
    expect(made("demo_all-$(CONFIG_DEMO_ARM64) += demo.o\nobj-y += demo_all.o\n")).toEqual(["arm64"]);
  });
  it("a part of two objects", () => { expect(made("a-y := demo.o\nb-y := demo.o\nobj-$(CONFIG_DEMO_X86) += a.o\nobj-$(CONFIG_DEMO_ARM64) += b.o\n")).toEqual(["arm64", "x86"]); });
  it("conditionals of make", () => {
    expect(made("ifdef CONFIG_DEMO_X86\nobj-y += demo.o\nendif\n")).toEqual(["x86"]);
    expect(made("ifeq ($(CONFIG_DEMO_X86),y)\nobj-y += other.o\nelse\nobj-y += demo.o\nendif\n")).toBe("any");
    expect(made("ifneq ($(CONFIG_X86),)\nobj-y += demo.o\nendif\n")).toEqual(["x86"]);
    expect(made("ifeq ($(ARCH),x86)\nobj-y += demo.o\nendif\n")).toBe("any");
  });
  it("what make works out is unknown, but for m as y", () => {
    expect(made("obj-$(subst m,y,$(CONFIG_DEMO_X86)) += demo.o\n")).toEqual(["x86"]);
    expect(made("obj-$(CONFIG_DEMO_X86)$(CONFIG_OTHER) += demo.o\n")).toBe("any");
    expect(made("DEMO := demo.o\nobj-$(CONFIG_DEMO_X86) += $(DEMO)\n")).toBe("any");
  });
  it("a file of a folder without a Makefile, and a folder under an option", () => {
    expect(made("obj-$(CONFIG_DEMO_X86) += hw/demo.o\n", "drivers/demo/hw/demo.c")).toEqual(["x86"]);
    expect(built("drivers/demo/hw/demo.c", { ...kconfig, "drivers/demo/Makefile": "obj-$(CONFIG_DEMO_X86) += hw/\n", "drivers/demo/hw/Makefile": "obj-y += demo.o\n" })).toEqual(["x86"]);
    expect(built("drivers/demo/demo.c", { "drivers/Makefile": "obj-$(CONFIG_S390) += demo/\n", "drivers/demo/Kbuild": "obj-m += demo.o\n", "drivers/demo/Makefile": "# not read\n" })).toEqual(["s390"]);
  });
  it("a circle of objects ends, and limits nothing", () => { expect(made("a-y := b.o demo.o\nb-y := a.o\nobj-$(CONFIG_DEMO_X86) += b.o\n")).toBe("any"); });
});

describe("what a path says", () => {
  it("a file under arch/ is of its architecture", () => {
    expect(built("arch/x86/kvm/mmu/mmu.c", {})).toEqual(["x86"]);
    expect(built("arch/um/kernel/irq.c", {})).toBe("any");
  });
  it("a header, a file outside and one that no Makefile names can be for any", () => {
    const tree = { "drivers/demo/Makefile": "obj-$(CONFIG_X86) += demo.o\n" };
    expect(built("drivers/demo/demo.h", tree)).toBe("any");
    expect(built("../drivers/demo/demo.c", tree)).toBe("any");
    expect(built("/drivers/demo/demo.c", tree)).toBe("any");
    expect(built("drivers/demo/new.c", tree)).toBe("any");
  });
});

it("a file that changed is read again", () => {
  let makefile = "obj-$(CONFIG_X86) += demo.o\n";
  const tree = new BuildTree((path) => (path === "drivers/demo/Makefile" ? makefile : undefined));
  expect(tree.architecturesOf("drivers/demo/demo.c")).toEqual(["x86"]);
  makefile = "obj-y += demo.o\n";
  expect(tree.architecturesOf("drivers/demo/demo.c")).toBe("any");
});
