export type Missing = { readonly missing: string };

/** A host of VS Code in the cache: `entry` is run with `node`. */
export type InstalledHost = { readonly name: string; readonly folder: string; readonly entry: string; readonly node: string };

export type HostName = "lts" | "latest" | "web";

export declare function findShared(): string | undefined;
export declare function findExamples(): string;
export declare function findKernel(): string | undefined;
export declare function findOlderKernel(): string | undefined;
export declare function findCtags(): string | undefined;
export declare function findNeovim(): string | undefined;
export declare function findHerd7(): string | undefined;
export declare function findChromium(): string | undefined;
export declare function findHost(name: HostName): InstalledHost | undefined;
export declare const requirements: readonly { readonly name: string; readonly provide: () => string | Missing }[];
