// The client graphql-ws, which urql and Apollo Client use for their subscriptions.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { bearer, run } from "./sinks.mjs";

globalThis.WebSocket = WebSocket; // as in a browser; Apollo's link looks at it as well

export const socketTo = ({ url, token }) =>
  createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: bearer(token),
    retryAttempts: 0, // a socket that closes must show
  });

// The server takes messages in order: what was sent before has begun when this is answered.
export async function begunOn(socket) {
  await new Promise(setImmediate); // urql hands a subscription over in a later microtask
  await run(socket, "{ __typename }");
}
