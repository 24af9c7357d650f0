// Mounts GraphiQL and keeps who is acting, in this browser tab only: two windows can be two people.
"use strict";

(() => {
  const config = JSON.parse(document.getElementById("graphiql-config").textContent);
  const element = (id) => document.getElementById(id);
  const person = element("person");
  const fields = { token: element("token"), account: element("account") };

  // ---------------------------------------------------------------- who is acting
  const KEY = "gql-approvals:identity";

  function recall() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? null;
    } catch {
      return null; // storage is blocked or holds something else: start as nobody new
    }
  }

  function remember() {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(identity()));
    } catch {
      // Blocked storage costs the memory across reloads, nothing more.
    }
  }

  const identity = () => ({ token: fields.token.value.trim(), account: fields.account.value.trim() });

  // The Headers editor has the last word, whatever the case of its names.
  function withIdentity(headers = {}) {
    const { token, account } = identity();
    const own = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    const added = {};
    if (token && !own.has("authorization")) added.Authorization = `Bearer ${token}`;
    if (account && !own.has("x-account")) added["X-Account"] = account;
    return { ...headers, ...added };
  }

  function showPerson() {
    const { token } = identity();
    const known = config.people.some((one) => one.token === token);
    person.value = known || !token ? token : "other";
    document.body.classList.toggle("typed-token", !config.people.length || (token !== "" && !known));
  }

  function setUpIdentity() {
    const saved = recall() ?? { token: config.people[0]?.token ?? "", account: "" };
    fields.token.value = saved.token ?? "";
    fields.account.value = saved.account ?? "";
    // A typed token is a secret; a demo token is there to be read and copied.
    document.body.classList.toggle("demo", config.people.length > 0);
    element("person-field").hidden = !config.people.length;
    for (const one of config.people) person.add(new Option(`${one.name} · ${one.roles}`, one.token));
    person.add(new Option("nobody", ""));
    person.add(new Option("another token…", "other"));
    person.addEventListener("change", () => {
      const other = person.value === "other";
      fields.token.value = other ? "" : person.value;
      changed();
      if (other) {
        person.value = "other";
        document.body.classList.add("typed-token");
        fields.token.focus();
      }
    });
    for (const field of Object.values(fields)) field.addEventListener("change", changed);
    showPerson();
  }

  // ---------------------------------------------------------------- GraphiQL
  const url = new URL(config.graphqlPath, location.href);
  const socketUrl = new URL(url);
  socketUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let schemaIsKnown = false;
  let mounts = 0;

  function changed() {
    remember();
    showPerson();
    // A server that shows its schema to members only has shown none so far: ask again as this one.
    if (!schemaIsKnown) render();
  }

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

  function fetcher(asked, options) {
    const { params, documentAST } = withOperation(asked);
    return send(params, { ...options, documentAST, headers: withIdentity(options?.headers) });
  }

  // A namespace of its own: other GraphiQLs on this host and port leave tabs behind. Raise the number
  // when the prefilled tabs change.
  const storage = GraphiQL.createLocalStorage({ namespace: "gql-approvals:2" });
  const plugins = [GraphiQLPluginExplorer.explorerPlugin()];
  const onSchemaChange = () => {
    schemaIsKnown = true;
  };
  const root = ReactDOM.createRoot(element("graphiql"));

  function render() {
    mounts += 1;
    root.render(
      React.createElement(
        GraphiQL,
        {
          key: mounts,
          fetcher,
          storage,
          plugins,
          onSchemaChange,
          defaultTabs: config.tabs,
          defaultEditorToolsVisibility: "variables",
          shouldPersistHeaders: false, // headers hold tokens
        },
        React.createElement(GraphiQL.Logo, null, React.createElement("span")),
      ),
    );
  }

  setUpIdentity();
  render();
})();
