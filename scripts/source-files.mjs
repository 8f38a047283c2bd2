// Which files of this repository the checks read, and what each imports.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";

/** Files that a tool writes: they follow no limit of length. */
const generated = [/^src\/onnx\/proto\//, /\.wasm\.ts$/];

/** Tracked and new, not ignored TypeScript and JavaScript that people write. Paths with "/", from the root. */
export function sourceFiles() {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
    {
      encoding: "utf8",
    },
  );
  const deleted = new Set(execFileSync("git", ["ls-files", "--deleted"], { encoding: "utf8" }).split("\n"));
  return listed
    .split("\n")
    .filter(
      (path) => /\.(ts|mts|mjs|js)$/.test(path) && !deleted.has(path) && !generated.some((g) => g.test(path)),
    );
}

/** Whether a file is for tests alone. */
export function isTest(path) {
  return /\.(test|fixtures)\.ts$/.test(path);
}

/**
 * What a module imports or re-exports: relative specifiers as paths from the root, others as they are, with the line
 * and whether the import is of types alone, which leaves no import in the built file.
 */
export function importsOf(path) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const found = [];
  const add = (specifier, node, typeOnly) => {
    const { text } = specifier;
    const target = text.startsWith(".") ? normalize(join(dirname(path), text)) : text;
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    found.push({ target, relative: text.startsWith("."), typeOnly, line });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      add(node.moduleSpecifier, node, node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) add(node.argument.literal, node, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument)) add(argument, node, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isTypeOnly(clause) {
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  const { name, namedBindings } = clause;
  return (
    !name &&
    !!namedBindings &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((e) => e.isTypeOnly)
  );
}
