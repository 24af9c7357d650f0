import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { begunOn, socketTo } from "./sockets.mjs";
import { bearer } from "./sinks.mjs";
import { watchedFetch } from "./streams.mjs";
import { Inbox } from "./waiting.mjs";

export function connectWithSocket(to) {
  const socket = socketTo(to);
  const overSocket = subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }),
    }),
  });
  const client = clientOf(to, { exchanges: [cacheExchange, fetchExchange, overSocket] });
  return clientWith(client, () => () => begunOn(socket), () => socket.dispose());
}

export function connectWithEvents(to) {
  const streams = watchedFetch();
  const exchanges = [cacheExchange, fetchExchange];
  const client = clientOf(to, { exchanges, fetch: streams.fetch, fetchSubscriptions: true });
  const begin = () => {
    const begun = streams.begun();
    return () => begun;
  };
  return clientWith(client, begin, () => {});
}

const clientOf = ({ url, token }, options) =>
  new Client({ url, fetchOptions: { headers: bearer(token) }, requestPolicy: "network-only", ...options });

function resultOf({ data, error }) {
  return error?.networkError ? { failure: error.networkError } : { data, errors: error?.graphQLErrors };
}

// `begin` is called before a subscription is sent, and what it gives afterwards.
function clientWith(client, begin, close) {
  return {
    async run(text, variables) {
      const kind = text.startsWith("mutation") ? "mutation" : "query";
      return resultOf(await client[kind](text, variables).toPromise());
    },
    follow(text, variables) {
      const inbox = new Inbox();
      const begun = begin();
      const { unsubscribe } = client
        .subscription(text, variables)
        .subscribe((result) => inbox.put(resultOf(result)));
      return { inbox, stop: unsubscribe, begun };
    },
    close,
  };
}
