/** Where the headers in angle brackets of a kernel tree are looked for. Architecture headers are taken from x86, which every tree has. */
export const includeFolders = ["include", "include/uapi", "arch/x86/include", "arch/x86/include/uapi"] as const;
