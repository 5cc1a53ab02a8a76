/** The replay panel's page: a shell that allows one script and one style sheet, and the state as data that nothing runs. */

import type { PanelState } from "../webview/messages.ts";

export type ReplayPage = {
  /** New for every page; letters and digits. */
  readonly nonce: string;
  /** `webview.cspSource`. */
  readonly cspSource: string;
  /** `dist/replay.js` as the webview may load it. */
  readonly scriptUri: string;
  /** `dist/replay.css` as the webview may load it. */
  readonly styleUri: string;
  /** What to show first; a page that was hidden and comes back shows where it was left, if the replay is the same. */
  readonly state: PanelState;
};

export function replayHtml(page: ReplayPage): string {
  const policy = [
    "default-src 'none'",
    `style-src ${page.cspSource}`,
    `script-src 'nonce-${page.nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Replay</title>
<link rel="stylesheet" href="${attribute(page.styleUri)}">
</head>
<body>
<main id="replay"></main>
<script type="application/json" id="state" nonce="${attribute(page.nonce)}">${dataBlock(page.state)}</script>
<script nonce="${attribute(page.nonce)}" src="${attribute(page.scriptUri)}"></script>
</body>
</html>
`;
}

/** In double quotes; apostrophes, which the policy needs, may stay. */
function attribute(text: string): string {
  return text.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** File names and code come from patches of strangers: no character that could end the block, begin a tag or end a line of script. */
function dataBlock(state: PanelState): string {
  return JSON.stringify(state).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
