// `npm run parser-parity`: bundles server/test/parser-parity/ and runs it on a kernel tree.

import { runTool } from "./parse-report.mjs";

process.exitCode = await runTool("parser-parity", process.argv.slice(2));
