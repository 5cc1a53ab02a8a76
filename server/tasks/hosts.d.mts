import type { InstalledHost, Missing, HostName } from "./requirements.mjs";

export declare const webCommit: string;
export declare const hostNames: readonly HostName[];
export declare function findHost(name: HostName): InstalledHost | undefined;
export declare function provideHost(name: HostName): string | Missing;
