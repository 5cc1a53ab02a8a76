import { describe, expect, it } from "vitest";
import { withoutCompilerFlags } from "./kbuild.ts";

describe("compiler flags", () => {
  it("are dropped with their values", () => {
    const args = ["check", "-nostdinc", "-isystem", "/usr/include", "-I./include", "-D", "A=b.c", "-Wp,-MMD,x.d", "-O2", "--param", "x=1", "-g", "drivers/x.c"];
    expect(withoutCompilerFlags(args)).toEqual({ rest: ["check", "drivers/x.c"], hasCompilerFlags: true });
  });

  it("leave our own options alone", () => {
    const args = ["check", "--format", "json", "--rule", "rcu/x", "-h", "-V", "--jobs", "2", "-", "a.c"];
    expect(withoutCompilerFlags(args)).toEqual({ rest: args, hasCompilerFlags: false });
  });

  it("are not seen where one letter could also be a slip of the user", () => {
    expect(withoutCompilerFlags(["check", "-x", "a.c"]).hasCompilerFlags).toBe(false);
    expect(withoutCompilerFlags(["check", "-nostdinc", "-x", "c", "a.c"])).toEqual({ rest: ["check", "a.c"], hasCompilerFlags: true });
  });

  it("end at --", () => {
    expect(withoutCompilerFlags(["check", "--", "-Ifoo.c"])).toEqual({ rest: ["check", "--", "-Ifoo.c"], hasCompilerFlags: false });
  });
});
