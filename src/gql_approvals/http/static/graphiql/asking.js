// Sends operations as whoever acts, and lets the other parts of the page see the answers.
"use strict";

((explorer) => {
  const { config, identity } = explorer;
  const url = new URL(config.graphqlPath, location.href);
  const socketUrl = new URL(url);
  socketUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const send = GraphiQL.createFetcher({
    url: url.href,
    subscriptionUrl: socketUrl.href,
    enableIncrementalDelivery: false,
  });

  // GraphiQL notices the operation of a tab just opened a moment late; what is sent is what is in the editor.
  function withOperation(params) {
    let documentAST;
    try {
      documentAST = GraphiQL.GraphQL.parse(params.query);
    } catch {
      return { params }; // the server says what is wrong with it
    }
    const names = documentAST.definitions.filter((one) => one.kind === "OperationDefinition").map((one) => one.name?.value);
    if (names.length !== 1) return { params, documentAST };
    return { params: { ...params, operationName: names[0] }, documentAST };
  }

  // The fetcher that GraphiQL asks through. The Headers editor has the last word.
  async function fetcher(asked, options) {
    const { params, documentAST } = withOperation(asked);
    const headers = identity.headersOf(identity.current(), options?.headers);
    const answer = await send(params, { ...options, documentAST, headers });
    if (answer?.data && params.operationName !== "IntrospectionQuery") {
      explorer.filling.learn(answer.data, params.operationName);
    }
    return answer;
  }

  // What the page itself wants to know; null when it gets no answer.
  async function ask(query, variables, who) {
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: identity.headersOf(who, { "Content-Type": "application/json" }),
        body: JSON.stringify({ query, variables }),
      });
      return (await answer.json()).data ?? null;
    } catch {
      return null; // out of reach: whoever runs a tab is told
    }
  }

  explorer.fetcher = fetcher;
  explorer.ask = ask;
})(globalThis.explorer);
