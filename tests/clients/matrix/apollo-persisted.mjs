// Apollo's automatic persisted queries: the hash goes first, by GET; the document only when it is asked for.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { connect as connectPlain } from "./apollo.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

export function connect(to, fetch) {
  const persisted = createPersistedQueryLink({ sha256, useGETForHashedQueries: true });
  return connectPlain(to, [persisted], fetch);
}

export async function sendsTheHashFirst(to) {
  const sent = [];
  const client = connect(to, async (address, request) => {
    const response = await fetch(address, request);
    const { errors } = await response.clone().json();
    const document = request.body && JSON.parse(request.body).query ? "document" : "hash";
    sent.push([request.method, document, errors?.[0].extensions.code ?? "answered"]);
    return response;
  });
  const unknown = `query Unknown_${randomUUID().replaceAll("-", "")} { __typename }`;
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual((await client.run(unknown)).data, { __typename: "Query" });
  }
  client.close();
  assert.deepEqual(sent, [
    ["GET", "hash", "PERSISTED_QUERY_NOT_FOUND"],
    ["POST", "document", "answered"],
    ["GET", "hash", "answered"],
  ]);
}
