import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode, parse } from "graphql";
import { possibleTypes } from "./possible-types.mjs";
import { begunOn, socketTo } from "./sockets.mjs";
import { bearer } from "./sinks.mjs";
import { Inbox } from "./waiting.mjs";

const isSubscription = ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION;

// `before`: the links that a query passes before it is sent.
export function connect(to, before = [], fetch = globalThis.fetch) {
  const socket = socketTo(to);
  const http = new HttpLink({ uri: to.url, headers: bearer(to.token), fetch });
  const client = new ApolloClient({
    link: ApolloLink.split(isSubscription, new GraphQLWsLink(socket), ApolloLink.from([...before, http])),
    cache: new InMemoryCache({ possibleTypes }),
    defaultOptions: { query: { fetchPolicy: "network-only", errorPolicy: "all" } },
  });
  return {
    run: async (text, variables) => resultOf(await send(client, parse(text), variables)),
    follow(text, variables) {
      const inbox = new Inbox();
      const told = (result) => inbox.put(resultOf(result));
      const following = client.subscribe({ query: parse(text), variables, errorPolicy: "all" }).subscribe({
        next: told,
        error: (error) => told({ error }),
        complete: () => inbox.put({ complete: true }),
      });
      return { inbox, stop: () => following.unsubscribe(), begun: () => begunOn(socket) };
    },
    close() {
      client.stop();
      socket.dispose();
    },
  };
}

function send(client, document, variables) {
  const isMutation = document.definitions[0].operation === OperationTypeNode.MUTATION;
  if (isMutation) return client.mutate({ mutation: document, variables, errorPolicy: "all" });
  return client.query({ query: document, variables });
}

function resultOf({ data, error }) {
  return error && !error.errors ? { failure: error } : { data, errors: error?.errors };
}
