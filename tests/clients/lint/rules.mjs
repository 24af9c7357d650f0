// The rules of @graphql-eslint that hold for our schema, and for documents that are sent to it.
// A rule is narrowed only where what it asks for would be wrong here; the reason stands with it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import graphql from "@graphql-eslint/eslint-plugin";
import { buildSchema } from "graphql";

const { "flat/schema-recommended": recommended, "flat/schema-relay": relay } = graphql.configs;
const { "flat/operations-recommended": operations } = graphql.configs;

// What has no id is a value: it is read as a part of the object that it stands in, and `node(id)` finds
// no such thing. A new type implements Node, or it is named here.
const VALUES = [
  "ActionVerdict", "Audience", "DisableApprovalsPreview", "Eligibility", "Explanation", "FieldChange",
  "InputProblem", "Metrics", "PageInfo", "PolicyProblem", "PolicyStatus", "PolicyWorker", "RateLimit",
  "Reason", "Requirement", "ReviewInboxChange", "SectionHash", "StatusCount", "SubmitPreview", "Viewer",
];
const ANSWERS = ["Payload", "Connection", "Edge"]; // what wraps objects, by the end of its name
const MEMBERS = ["UserError", "Content"]; // refusals, and the copy of each channel

function withoutId(schema) {
  const known = (name) => schema.getType(name) && !schema.getType(name).getFields().id;
  const stale = VALUES.filter((name) => !known(name));
  if (stale.length > 0) throw new Error(`no values, or gone: ${stale}`);
  const members = MEMBERS.flatMap((name) => schema.getPossibleTypes(schema.getType(name)));
  return { types: [...VALUES, ...members.map(({ name }) => name)], suffixes: ANSWERS };
}

export function configure(folder) {
  const schemaFile = join(folder, "schema.graphql");
  const schema = buildSchema(readFileSync(schemaFile, "utf8"));
  const graphQLConfig = { schema: schemaFile, documents: join(folder, "documents.graphql") };
  const common = {
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
  };
  return [
    { ...common, files: ["documents.graphql"], rules: operations.rules },
    {
      ...common,
      files: ["schema.graphql"],
      rules: {
        ...recommended.rules,
        ...relay.rules,
        "@graphql-eslint/strict-id-in-types": ["error", { exceptions: withoutId(schema) }],
        // Cursors lead forward only; Relay's specification asks for one direction or both.
        "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
        // Relay's specification says nothing of lists that are no connections: reasons, roles and the like
        // are read whole.
        "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      },
    },
  ];
}
