// What the tools that are bundled before they run have in common.

import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** requirements.mjs finds the repository from its own place, so it stays there. */
export const requirementsBesideTasks = {
  name: "requirements-beside-tasks",
  setup(plugins) {
    plugins.onResolve({ filter: /requirements\.mjs$/ }, () => ({ path: pathToFileURL(join(repositoryRoot, "server/tasks/requirements.mjs")).href, external: true }));
  },
};
