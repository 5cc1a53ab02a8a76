export declare function findShared(): string | undefined;
export declare function findKernel(): string | undefined;
export declare function findOlderKernel(): string | undefined;
export declare function findNeovim(): string | undefined;
export declare const requirements: readonly { readonly name: string; readonly provide: () => string | { readonly missing: string } }[];
