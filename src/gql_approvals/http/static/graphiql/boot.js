// Mounts GraphiQL with the story's tabs, or with those of the review that a link asks for.
"use strict";

((explorer) => {
  const { config, identity, filling, review } = explorer;
  const { useEditorContext, useExecutionContext } = GraphiQL.React;
  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  const plugins = [GraphiQLPluginExplorer.explorerPlugin()];
  let schemaIsKnown = !config.introspection; // there is none to wait for
  let mounts = 0;

  // A namespace of its own: other GraphiQLs on this host and port leave tabs behind. Raise the number
  // when the prefilled tabs change.
  const kept = GraphiQL.createLocalStorage({ namespace: "gql-approvals:3" });
  // Variables are read here as much as queries: at GraphiQL's own 3 to 1, a hash fills their editor.
  const PROPORTION = "graphiql:secondaryEditorFlex";
  if (!kept.getItem(PROPORTION)) kept.setItem(PROPORTION, "1.4");
  // A review begins afresh with every load, and leaves the tabs that the person had alone.
  const OF_TABS = new Set(["tabState", "query", "variables", "headers", "operationName"].map((name) => `graphiql:${name}`));
  const forgotten = new Map();
  const storage = review
    ? {
        getItem: (key) => (OF_TABS.has(key) ? (forgotten.get(key) ?? null) : kept.getItem(key)),
        setItem: (key, value) => (OF_TABS.has(key) ? forgotten.set(key, value) : kept.setItem(key, value)),
        removeItem: (key) => (OF_TABS.has(key) ? forgotten.delete(key) : kept.removeItem(key)),
        clear: () => kept.clear(),
        get length() {
          return kept.length;
        },
      }
    : kept;

  const nameOf = (tab) => /^(?:query|mutation|subscription)\s+(\w+)/m.exec(tab.query)?.[1];
  const story = config.tabs.map(nameOf);

  // Operations cannot begin with a digit, so the story's numbers are beside their names.
  function numberTabs() {
    if (review) return;
    const left = new Set(story);
    for (const button of document.querySelectorAll(".graphiql-tab-button")) {
      const isOfStory = left.delete(button.textContent);
      if (isOfStory) button.dataset.step = story.indexOf(button.textContent) + 1;
      else delete button.dataset.step;
    }
  }

  // Lives within GraphiQL, whose editors it fills, and shows nothing itself.
  function Companion() {
    const editors = useEditorContext({ nonNull: true });
    const execution = useExecutionContext({ nonNull: true });
    const { variableEditor, queryEditor, responseEditor } = editors;
    const [lessons, hasLearned] = React.useReducer((count) => count + 1, 0);
    const hasRun = React.useRef(false);
    const tab = editors.tabs[editors.activeTabIndex];

    React.useEffect(() => filling.onLearned(hasLearned), []);
    React.useLayoutEffect(numberTabs);
    React.useEffect(() => {
      for (const editor of [queryEditor, variableEditor]) editor?.setOption("lineWrapping", true);
    }, [queryEditor, variableEditor]);
    React.useEffect(() => {
      if (!variableEditor || !queryEditor) return;
      const fillIn = () => {
        const title = nameOf({ query: queryEditor.getValue() });
        const text = variableEditor.getValue();
        const filled = filling.fill(title, text);
        if (filled !== text) variableEditor.setValue(filled);
        if (!review) explorer.hint([filling.told(title, filled), config.tabs[story.indexOf(title)]?.next].filter(Boolean).join(" "));
      };
      // React may have GraphiQL write a tab's text a second time, over what was filled in.
      const again = (_, changes) => changes.some((one) => one.origin === "setValue") && fillIn();
      fillIn();
      variableEditor.on("changes", again);
      return () => variableEditor.off("changes", again);
    }, [tab.id, tab.title, queryEditor, variableEditor, lessons]);
    React.useEffect(() => {
      if (!review?.isOpen() || hasRun.current || !variableEditor || !queryEditor || !responseEditor) return;
      hasRun.current = true;
      execution.run();
    }, [variableEditor, queryEditor, responseEditor]);
    return null;
  }

  function render() {
    mounts += 1;
    const tabs = review ? review.tabs() : config.tabs;
    root.render(
      React.createElement(
        GraphiQL,
        {
          key: mounts,
          fetcher: explorer.fetcher,
          storage,
          plugins,
          ...(config.introspection ? {} : { schema: null }),
          onSchemaChange: () => {
            schemaIsKnown = true;
          },
          defaultTabs: tabs,
          // GraphiQL itself leaves the variables of the first tab out.
          ...(review ? { query: tabs[0].query, variables: tabs[0].variables } : {}),
          defaultEditorToolsVisibility: "variables",
          shouldPersistHeaders: false, // headers hold tokens
        },
        React.createElement(GraphiQL.Logo, null, React.createElement(Companion)),
      ),
    );
  }

  async function changed() {
    if (review?.isOpen()) return review.lookAgain();
    if (await review?.open()) {
      forgotten.clear();
      return render();
    }
    // A server that shows its schema to members only has shown none so far: ask again as this one.
    if (!schemaIsKnown) render();
    return review ? undefined : filling.suggest();
  }

  async function begin() {
    document.body.classList.toggle("review", review !== null);
    await review?.open();
    render();
    if (!review) await filling.suggest();
  }

  identity.onChange(changed);
  begin();
})(globalThis.explorer);
