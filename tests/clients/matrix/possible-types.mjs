// Which types implement an interface or belong to a union: Apollo's cache has to be told.
import { readFileSync } from "node:fs";
import { buildSchema, isAbstractType } from "graphql";

const schema = buildSchema(readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"));
const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);

export const possibleTypes = Object.fromEntries(
  abstract.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
);
