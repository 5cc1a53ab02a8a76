// `npm run corpus`: reviews the cases of a corpus and counts recall and false reports. The tool is server/test/corpus/.

import { runTool } from "./reviewing-tool.mjs";

await runTool("corpus");
