// `npm run inject`: breaks correct functions of a kernel tree and counts what is flagged. The tool is server/test/inject/.

import { runTool } from "./reviewing-tool.mjs";

await runTool("inject");
