import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 120_000,
    projects: [
      { test: { name: "unit", include: ["emulator-core/src/**/*.test.ts", "server/src/**/*.test.ts"], testTimeout: 120_000 } },
      { test: { name: "layers", include: ["server/tasks/layering.test.ts"], testTimeout: 120_000 } },
      { test: { name: "shared", include: ["emulator-core/test/**/*.test.ts", "server/test/**/*.test.ts"], testTimeout: 1_200_000 } },
    ],
  },
});
