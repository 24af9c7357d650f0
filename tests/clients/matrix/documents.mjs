// The operations of documents.graphql, each with the fragments that it spreads.
import { readFileSync } from "node:fs";
import { parse, print, separateOperations } from "graphql";

const file = new URL("documents.graphql", import.meta.url);
const operations = separateOperations(parse(readFileSync(file, "utf8")));

export const operation = (name) => print(operations[name]);
