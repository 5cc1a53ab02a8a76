// Loaded into every Node process of a host by NODE_OPTIONS: writes down whom it talks to, as `program<tab>host`.
// A browser sees only what its pages ask for; the extension host and the language server could ask for themselves.

const { appendFileSync } = require("node:fs");
const { basename } = require("node:path");
const net = require("node:net");

const file = process.env.QUIESCE_NETWORK_LOG;
const program = basename(process.argv.find((argument, index) => index > 0 && /\.[cm]?js$|^--type=/.test(argument)) ?? process.argv0);

if (file) {
  appendFileSync(file, `${program}\tstarted\n`);
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    // Node calls itself with an array whose first element is the options.
    const [first, second] = Array.isArray(args[0]) ? args[0] : args;
    const isSocketFile = typeof first === "string" || first?.path;
    const host = typeof first === "object" ? first?.host : second;
    if (!isSocketFile) appendFileSync(file, `${program}\t${typeof host === "string" ? host : "localhost"}\n`);
    return connect.apply(this, args);
  };
}
