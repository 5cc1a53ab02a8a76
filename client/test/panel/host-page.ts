/**
 * What VS Code puts around a webview's page, as far as the panel meets it: theme variables on the root element, its own
 * style sheet before the page's policy, classes on the body, and the API object. Measured in VS Code 1.100.3, where
 * themes.json was read from the root element's style in a webview under each theme; null is a colour that the theme leaves out.
 */

import themesJson from "./themes.json" with { type: "json" };

export type Theme = { readonly name: string; readonly bodyClass: string; readonly variables: Readonly<Record<string, string | null>> };

export const themes: readonly Theme[] = themesJson;

const defaultStyle = `
html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
body {
  overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size);
  margin: 0; padding: 0 20px;
}
input:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
::-webkit-scrollbar { width: 10px; height: 10px; }
`;

/** `page` is what replayHtml() made; `reducedMotion` is the workbench setting of that name. */
export function inHost(page: string, theme: Theme, reducedMotion: boolean): string {
  const set = Object.entries(theme.variables).filter(([, value]) => value !== null);
  const prologue = `<style>${defaultStyle}</style><script>
for (const [name, value] of ${JSON.stringify(set)}) document.documentElement.style.setProperty(name, value);
window.posted = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
window.acquireVsCodeApi = () => ({
  postMessage: (message) => window.posted.push(structuredClone(message)),
  getState: () => JSON.parse(sessionStorage.getItem("state") ?? "null") ?? undefined,
  setState: (state) => sessionStorage.setItem("state", JSON.stringify(state)),
});
</script>`;
  const classes = `${theme.bodyClass}${reducedMotion ? " vscode-reduce-motion" : ""}`;
  return page.replace("<head>", () => `<head>${prologue}`).replace("<body>", `<body class="${classes}" role="document">`);
}
