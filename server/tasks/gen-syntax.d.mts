import type { HeaderRows } from "../src/model/kernel-api/schema.ts";

/** Text of the injection grammar; `headers` are those of the knowledge table. */
export declare function kernelInjection(headers: readonly HeaderRows[]): string;

/** Path from the root → text of what is generated for `syntaxes/`. */
export declare function syntaxFiles(): Promise<Map<string, string>>;
