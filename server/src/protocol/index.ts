export * from "./facts.ts";
export * from "./findings.ts";
export * from "./replay.ts";
export * from "./requests.ts";
