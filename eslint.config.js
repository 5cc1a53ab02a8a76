// What a reviewer should not have to say. Sizes (max-lines) are warnings: `npm run lint` prints them and passes,
// because a file that is long for a reason is better than one cut in two to please a tool.

import js from "@eslint/js";
import tseslint from "typescript-eslint";

const sizes = {
  "max-lines": ["warn", { max: 300, skipBlankLines: true, skipComments: true }],
  "max-lines-per-function": ["warn", { max: 70, skipBlankLines: true, skipComments: true }],
};

const noDefaultExport = { selector: "ExportDefaultDeclaration", message: "Named exports only: one thing, one name." };
const noEnum = { selector: "TSEnumDeclaration", message: "A union of strings, not an enum." };

export default tseslint.config(
  { ignores: ["dist/", ".build/", ".cache/", "coverage/", "node_modules/", "docs/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...sizes,
      "no-restricted-syntax": ["error", noDefaultExport, noEnum],
      "@typescript-eslint/consistent-type-definitions": ["error", "type"],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      // A default answers for the variants it stands for: rules handle what they are about.
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `return report(x);` as "report and leave" is clearer than two statements.
      "@typescript-eslint/no-confusing-void-expression": "off",
      // Under noUncheckedIndexedAccess `text[i]!` behind a bounds check is how a scanner says what it knows.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Explicit loops that end by return or break are the clearest way to say "until".
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: "always" }],
    },
  },
  {
    // Tests are data: they may be long, and a describe() is a function of any length.
    files: ["**/*.test.ts", "**/test-support/**", "server/test/**", "emulator-core/test/**", "client/test/**"],
    rules: { "max-lines": "off", "max-lines-per-function": "off" },
  },
  {
    // One catalogue of kernel facts or examples a file: rows, not logic.
    files: ["server/src/model/kernel-api/**", "server/src/syntax/macro-names.ts", "server/src/rules/*/*.ts"],
    rules: { "max-lines": "off" },
  },
  {
    // A rule tells a race in the emulator's steps and never runs it: evidence can be late, cached, cancelled or off.
    files: ["server/src/rules/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns: [{ group: ["**/emulator-core/src/index.ts"], allowImportNames: ["steps"], allowTypeImports: true, message: "A rule tells a race in steps; running it is the evidence stage's." }] }] },
  },
  {
    files: ["vitest.config.ts", "**/*.d.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.mjs", "**/*.js", "**/*.cjs"],
    languageOptions: {
      globals: { console: "readonly", process: "readonly", module: "writable", require: "readonly", __dirname: "readonly", URL: "readonly", setTimeout: "readonly", clearTimeout: "readonly" },
    },
    rules: { ...sizes },
  },
);
