export declare function kernelVersion(kernel: string): string;
export declare function snapshotVersion(): string | undefined;
export declare function shippedSnapshot(): string;
export declare function snapshotOf(kernel: string): Promise<string>;
