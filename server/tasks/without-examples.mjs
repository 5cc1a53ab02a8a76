// An esbuild plugin for the bundles of the VSIX: the rules without their examples. Those are for `quiesce rules`, the pages
// and the tests; what an editor runs never looks at them.

import { readFileSync } from "node:fs";
import ts from "typescript";

/** The name of a rule's metadata type, and of the properties that are left empty. */
const metadata = "RuleMeta";
const examples = new Set(["bad", "good"]);

export const withoutExamples = {
  name: "rules without examples",
  setup(build) {
    build.onLoad({ filter: /[\\/]server[\\/]src[\\/]rules[\\/][^.]+\.ts$/ }, ({ path }) => ({ contents: emptied(readFileSync(path, "utf8"), path), loader: "ts" }));
  },
};

function emptied(text, path) {
  const spans = [];
  const visit = (node) => {
    if (ts.isVariableDeclaration(node) && node.type?.getText() === metadata && node.initializer !== undefined && ts.isObjectLiteralExpression(node.initializer)) {
      for (const property of node.initializer.properties) if (ts.isPropertyAssignment(property) && examples.has(property.name.getText())) spans.push(property.initializer);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return spans.toReversed().reduce((left, node) => left.slice(0, node.getStart()) + "[]" + left.slice(node.getEnd()), text);
}
