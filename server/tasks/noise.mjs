// `npm run noise`: reviews a kernel tree as it is and counts what is reported. The tool is server/test/noise/.

import { runTool } from "./reviewing-tool.mjs";

await runTool("noise");
