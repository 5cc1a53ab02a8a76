/** The language server as a process of its own, bundled as dist/server.cjs: `--node-ipc` or `--stdio`, as the client asks. */

import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { startServer } from "./node-server.ts";

startServer(createConnection(ProposedFeatures.all));
