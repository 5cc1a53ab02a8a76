import { defineConfig } from "vitest/config";

const minute = 60_000;

/** For slow machines: a test that hangs ends, and none is a matter of speed. */
const patience = { testTimeout: 2 * minute, hookTimeout: 2 * minute };

/**
 * `unit` and `layers` need nothing but the sources; `cli`, `editors` and `panel` run dist/; `shared` reads ../shared and a kernel tree;
 * `package` reads the VSIX, and `e2e` shows it in a real VS Code (docs/testing.md).
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["emulator-core/src/**/*.test.ts", "emulator-core/scenarios/**/*.test.ts", "server/src/**/*.test.ts", "client/src/**/*.test.ts", "server/test/hazards.test.ts"], ...patience } },
      { test: { name: "syntaxes", include: ["syntaxes/test/**/*.test.ts"], ...patience } },
      { test: { name: "layers", include: ["server/tasks/*.test.ts"], ...patience } },
      { test: { name: "cli", include: ["server/test/cli*.test.ts"], ...patience } },
      { test: { name: "editors", include: ["server/test/editors/**/*.test.ts", "server/test/n*vim*.test.ts", "server/test/lsp*.test.ts"], ...patience } },
      { test: { name: "panel", include: ["client/test/panel/**/*.test.ts"], ...patience } },
      { test: { name: "package", include: ["client/test/package/**/*.test.ts"], ...patience } },
      {
        test: {
          name: "e2e",
          include: ["client/test/e2e/**/*.test.ts"],
          // One host at a time: each is a server, its extension host and a browser.
          fileParallelism: false,
          disableConsoleIntercept: true,
          testTimeout: 3 * minute,
          hookTimeout: 3 * minute,
        },
      },
      {
        test: {
          name: "shared",
          include: ["emulator-core/test/**/*.test.ts", "server/test/**/*.test.ts"],
          exclude: ["server/test/hazards.test.ts", "server/test/cli*.test.ts", "server/test/editors/**", "server/test/n*vim*.test.ts", "server/test/lsp*.test.ts"],
          testTimeout: 20 * minute,
          hookTimeout: 20 * minute,
        },
      },
    ],
  },
});
