// Fills what answers brought into the variables of later tabs, where nobody has typed anything else.
"use strict";

((explorer) => {
  const { config, identity } = explorer;
  const DECIDING = ["ApproveCampaign", "RejectCampaign"];
  // Where an answer holds what tabs ask for. `values`: field of the input → its place in the answer.
  const LESSONS = [
    {
      tabs: ["SubmitCampaign"],
      name: "createCampaign.campaign.name",
      values: { campaignId: "createCampaign.campaign.id" },
    },
    {
      tabs: DECIDING,
      name: "submitCampaign.campaign.name",
      values: { campaignId: "submitCampaign.campaign.id", contentHash: "submitCampaign.request.contentHash" },
    },
    {
      tabs: DECIDING,
      name: "reviewInbox.edges.0.node.campaign.name",
      values: {
        campaignId: "reviewInbox.edges.0.node.campaign.id",
        contentHash: "reviewInbox.edges.0.node.contentHash",
      },
    },
    {
      tabs: DECIDING,
      name: "campaign.name",
      values: { campaignId: "campaign.id", contentHash: "campaign.openRequest.contentHash" },
    },
  ];
  const MEMORY = "gql-approvals:filled";
  const REMEMBERED = 100;
  const facts = new Map(); // tab → { name, values, from }; `from` is the operation that somebody ran, if any
  const shown = new Map(); // tab → the fact that its variables were last filled with
  const listeners = new Set();

  const at = (data, path) => path.split(".").reduce((value, key) => value?.[key], data);
  const isPlaceholder = (text) => text.startsWith("<") && text.endsWith(">");

  // ---------------------------------------------------------------- what is known
  function factsOf(data, from) {
    const found = [];
    for (const lesson of LESSONS) {
      const values = Object.entries(lesson.values).map(([field, path]) => [field, at(data, path)]);
      if (!values.every(([, value]) => typeof value === "string")) continue;
      const fact = { name: at(data, lesson.name), values: Object.fromEntries(values), from };
      for (const tab of lesson.tabs) found.push([tab, fact]);
    }
    return found;
  }

  function learn(data, from) {
    const found = factsOf(data, from);
    for (const [tab, fact] of found) facts.set(tab, fact);
    if (found.length) for (const listener of listeners) listener();
  }

  // In the demo no tab waits for another one: the server names a draft and a waiting campaign.
  async function suggest() {
    const wanted = config.tabs.some((tab) => /"<[^"]+>"/.test(tab.variables));
    if (!config.people.length || !wanted || !identity.current().token) return;
    const data = await explorer.ask(config.suggestions, {}, identity.current());
    if (!data) return;
    const draft = data.drafts?.edges.find(({ node }) => node.viewerActions.some((one) => one.action === "SUBMIT" && one.allowed));
    const found = [
      ...factsOf({ createCampaign: { campaign: draft?.node } }),
      ...factsOf({ campaign: data.waiting?.edges[0]?.node }),
      ...factsOf({ reviewInbox: data.reviewInbox }),
    ];
    for (const [tab, fact] of new Map(found)) if (!facts.get(tab)?.from) facts.set(tab, fact);
    for (const listener of listeners) listener();
  }

  // ---------------------------------------------------------------- what was filled in before
  function filledBefore() {
    try {
      const kept = JSON.parse(localStorage.getItem(MEMORY));
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  function keep(values) {
    try {
      localStorage.setItem(MEMORY, JSON.stringify([...filledBefore(), ...values].slice(-REMEMBERED)));
    } catch {
      // Then what was filled in counts as typed by hand after a reload.
    }
  }

  // ---------------------------------------------------------------- filling in
  const placeOf = (field) => new RegExp(`"${field}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`);

  function valueIn(text, field) {
    try {
      return JSON.parse(placeOf(field).exec(text)[1]);
    } catch {
      return null; // the person has written something else
    }
  }

  // An answer replaces what stood there from an earlier one; a suggestion replaces placeholders only.
  function mayReplace(values, fact) {
    if (values.includes(null)) return false;
    const ours = fact.from ? filledBefore() : [];
    return values.every((value) => isPlaceholder(value) || ours.includes(value));
  }

  // The variables of a tab with what is known, else as they are.
  function fill(tab, text) {
    const fact = facts.get(tab);
    const fields = Object.keys(fact?.values ?? {});
    if (!fact || !mayReplace(fields.map((field) => valueIn(text, field)), fact)) return text;
    const filled = fields.reduce((before, field) => {
      const value = JSON.stringify(fact.values[field]);
      return before.replace(placeOf(field), (whole, old) => whole.slice(0, whole.length - old.length) + value);
    }, text);
    if (filled !== text) keep(Object.values(fact.values));
    shown.set(tab, fact);
    return filled;
  }

  // What to say about the values of a tab; empty when they are not ours.
  function told(tab, text) {
    const fact = shown.get(tab);
    const stands = fact && Object.entries(fact.values).every(([field, value]) => valueIn(text, field) === value);
    if (!stands) return "";
    return `Filled in: “${fact.name ?? fact.values.campaignId}”${fact.from ? `, from ${fact.from}` : ""}.`;
  }

  function onLearned(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  explorer.filling = { learn, suggest, fill, told, onLearned };
})(globalThis.explorer);
