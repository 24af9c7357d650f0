import { createClient } from "graphql-sse";
import { bearer, follow, run } from "./sinks.mjs";
import { watchedFetch } from "./streams.mjs";

export function connect({ url, token }) {
  const streams = watchedFetch();
  const client = createClient({ url, headers: bearer(token), fetchFn: streams.fetch, retryAttempts: 0 });
  return {
    run: (text, variables) => run(client, text, variables),
    follow(text, variables) {
      const begun = streams.begun();
      return { ...follow(client, text, variables), begun: () => begun };
    },
    close: () => client.dispose(),
  };
}
