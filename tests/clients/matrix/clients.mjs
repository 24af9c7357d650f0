// The rows of the matrix. `also`: what a client has to do beyond the common steps, by cell.
import * as apollo from "./apollo.mjs";
import * as persisted from "./apollo-persisted.mjs";
import * as sse from "./graphql-sse.mjs";
import * as urql from "./urql.mjs";
import * as ws from "./graphql-ws.mjs";

export const clients = [
  { name: "over a WebSocket", npm: "graphql-ws", connect: ws.connect, sendsAnyText: true },
  { name: "over server-sent events", npm: "graphql-sse", connect: sse.connect, sendsAnyText: true },
  { name: "subscriptions over a WebSocket", npm: "@urql/core", connect: urql.connectWithSocket },
  { name: "subscriptions over server-sent events", npm: "@urql/core", connect: urql.connectWithEvents },
  { name: "subscriptions over a WebSocket", npm: "@apollo/client", connect: apollo.connect },
  {
    name: "the same, with persisted queries",
    npm: "@apollo/client",
    connect: persisted.connect,
    also: { query: persisted.sendsTheHashFirst },
  },
];
