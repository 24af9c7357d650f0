// The clients graphql-ws and graphql-sse are called in the same way: `subscribe(request, sink)`.
import { Inbox } from "./waiting.mjs";

export const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

// What a sink's `error` is given: GraphQL errors, or why the connection ended.
const refusal = (given) => (Array.isArray(given) ? { errors: given } : { failure: given });

export function run(client, query, variables) {
  return new Promise((resolve) => {
    let answer;
    client.subscribe({ query, variables }, {
      next: (result) => { answer = result; },
      error: (given) => resolve(refusal(given)),
      complete: () => resolve(answer),
    });
  });
}

export function follow(client, query, variables) {
  const inbox = new Inbox();
  const stop = client.subscribe({ query, variables }, {
    next: (result) => inbox.put(result),
    error: (given) => inbox.put(refusal(given)),
    complete: () => inbox.put({ complete: true }),
  });
  return { inbox, stop };
}
