// node lint/lint.mjs FOLDER: what @graphql-eslint finds in FOLDER's schema.graphql and documents.graphql,
// as JSON; its rules are in rules.mjs.
import { ESLint } from "eslint";
import { configure } from "./rules.mjs";

const [folder] = process.argv.slice(2);
const eslint = new ESLint({ cwd: folder, overrideConfigFile: true, overrideConfig: configure(folder) });
const results = await eslint.lintFiles(["schema.graphql", "documents.graphql"]);
const findings = results.flatMap(({ messages }) => messages);
console.log(JSON.stringify(findings.map(({ ruleId, message, line }) => ({ ruleId, message, line }))));
