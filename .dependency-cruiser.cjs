// Who may import whom. Adding an import between folders changes this table, with its reason, in its own commit.
// server/tasks/layering.test.ts runs it over every source file and plants one violation per rule.
//
//   layer          its own folders it may import            packages it may import
const layers = {
  "emulator-core": { may: [], packages: [] }, // entered only through src/index.ts
  scenarios: { may: ["emulator-core"], packages: [] }, // driver programs by themselves: the rule scenarios-litmus keeps texts of litmus tests out
  protocol: { may: [], packages: [] },
  base: { may: [], packages: [] },
  syntax: { may: ["base"], packages: ["web-tree-sitter", "tree-sitter-c"], builtins: true },
  model: { may: ["syntax", "base"], packages: [] },
  index: { may: ["model", "base"], packages: [], builtins: true }, // reads bytes, never the parser; of the model the knowledge table
  rules: { may: ["model", "base", "protocol", "emulator-core"], packages: [] }, // the emulator's step language, in which hypotheses are told; never another rule
  evidence: { may: ["rules", "model", "base", "protocol", "emulator-core"], packages: [], builtins: true },
  session: { may: ["evidence", "rules", "model", "syntax", "base", "protocol", "emulator-core"], packages: ["tinypool", "smol-toml"], builtins: true }, // prints extracted programs, to know them again; reads quiesce.toml for every door
  // The doors open the parser: where its WebAssembly lies is theirs to know.
  lsp: { may: ["session", "evidence", "rules", "syntax", "base", "protocol"], packages: ["vscode-languageserver", "vscode-languageserver-textdocument", "vscode-uri"], builtins: true },
  cli: { may: ["session", "evidence", "rules", "index", "syntax", "base", "protocol", "lsp"], packages: ["commander", "tinypool"], builtins: true },
  client: { may: ["protocol", "webview"], packages: ["vscode", "vscode-languageclient"] }, // of the panel's page only what both sides say
  webview: { may: ["protocol"], packages: [] },
};

/** Those that are not in server/src/. */
const folders = { "emulator-core": "emulator-core/src", scenarios: "emulator-core/scenarios", client: "client/src", webview: "client/webview" };
const folderOf = (layer) => `^${folders[layer] ?? `server/src/${layer}`}/`;
const tests = "\\.(test|bench)\\.ts$|/test-support/";
const ruleFiles = "^server/src/rules/(context|iommu|ordering|rcu)/[^/]+\\.ts$";
const ourFolders = "^(emulator-core|server|client)/src/|^emulator-core/scenarios/|^client/webview/";

const fromLayer = (layer) => ({ path: folderOf(layer), pathNot: tests });

const layerRules = Object.entries(layers).map(([layer, { may }]) => ({
  name: `${layer}-imports`,
  comment: `${layer} may import ${may.join(", ") || "nothing of ours"}`,
  severity: "error",
  from: fromLayer(layer),
  to: { path: ourFolders, pathNot: [layer, ...may].map(folderOf).join("|") },
}));

const packageRules = Object.entries(layers).map(([layer, { packages }]) => ({
  name: `${layer}-packages`,
  comment: `${layer} may import the packages ${packages.join(", ") || "(none)"}`,
  severity: "error",
  from: fromLayer(layer),
  // An installed package resolves into node_modules/; one that is only types or not installed keeps its bare name.
  to: {
    dependencyTypes: ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-bundled", "npm-no-pkg", "npm-unknown"],
    ...(packages.length > 0 ? { pathNot: packages.map((name) => `(^|node_modules/)${name}(/|$)`).join("|") } : {}),
  },
}));

const builtinRules = Object.entries(layers)
  .filter(([, { builtins }]) => !builtins)
  .map(([layer]) => ({
    name: `${layer}-builtins`,
    comment: `${layer} runs anywhere: no node module`,
    severity: "error",
    from: fromLayer(layer),
    to: { dependencyTypes: ["core"] },
  }));

const singleRules = [
  {
    name: "no-cycles",
    comment: "two files that need each other are one file or three; type imports count",
    severity: "error",
    from: { path: ourFolders },
    to: { circular: true },
  },
  {
    name: "no-unresolved",
    comment: "an import that leads nowhere would escape every other rule",
    severity: "error",
    from: { path: ourFolders },
    to: { couldNotResolve: true, pathNot: "^vscode$" },
  },
  {
    name: "emulator-core-door",
    comment: "emulator-core is entered through src/index.ts",
    severity: "error",
    from: { path: "^(server|client)/src/", pathNot: tests },
    to: { path: "^emulator-core/src/", pathNot: "^emulator-core/src/index\\.ts$" },
  },
  {
    name: "scenarios-litmus",
    comment: "no scenario reaches the reader of litmus tests: what they say is said in driver steps",
    severity: "error",
    from: { path: "^emulator-core/scenarios/", pathNot: tests },
    to: { path: "^emulator-core/src/litmus/", reachable: true },
  },
  {
    name: "protocol-door",
    comment: "the client sees of the server what protocol/index.ts exports",
    severity: "error",
    from: { path: "^client/", pathNot: tests },
    to: { path: "^server/src/protocol/", pathNot: "^server/src/protocol/index\\.ts$" },
  },
  {
    name: "webview-vocabulary",
    comment: "the extension runs elsewhere than the page: they share the messages and how these are read",
    severity: "error",
    from: { path: "^client/src/", pathNot: tests },
    to: { path: "^client/webview/", pathNot: "^client/webview/(read-)?messages\\.ts$" },
  },
  {
    name: "native-parser",
    comment: "only the command line may load native code: the language server and the web have none",
    severity: "error",
    from: { path: ourFolders, pathNot: `${tests}|^server/src/cli/` },
    to: { path: "^server/src/syntax/native-[^/]+\\.ts$" },
  },
  {
    name: "rule-imports-rule",
    comment: "a rule is one file and can be removed by deleting it",
    severity: "error",
    from: { path: ruleFiles, pathNot: tests },
    to: { path: ruleFiles },
  },
  {
    name: "no-test-code-in-product",
    comment: "what ships does not import tests or their support",
    severity: "error",
    from: { path: ourFolders, pathNot: tests },
    to: { path: tests },
  },
];

module.exports = {
  forbidden: [...layerRules, ...packageRules, ...builtinRules, ...singleRules],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default", "types"], extensions: [".ts", ".js", ".cjs", ".mjs", ".json"] },
  },
};
// For the test; not enumerable, because the tool refuses keys that it does not know.
Object.defineProperty(module.exports, "layers", { value: layers });
Object.defineProperty(module.exports, "folders", { value: folders });
