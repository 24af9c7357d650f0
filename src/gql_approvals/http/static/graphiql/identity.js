// Who is acting, kept in this browser tab only: two windows can be two people.
"use strict";

globalThis.explorer = (() => {
  const config = JSON.parse(document.getElementById("graphiql-config").textContent);
  const element = (id) => document.getElementById(id);
  const person = element("person");
  const fields = { token: element("token"), account: element("account") };
  const listeners = [];
  const KEY = "gql-approvals:identity";
  let wasChosen = false;

  function recall() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? null;
    } catch {
      return null; // storage is blocked or holds something else: start as nobody new
    }
  }

  function remember() {
    wasChosen = true;
    try {
      sessionStorage.setItem(KEY, JSON.stringify(current()));
    } catch {
      // Blocked storage costs the memory across reloads, nothing more.
    }
  }

  const current = () => ({ token: fields.token.value.trim(), account: fields.account.value.trim() });

  // What is sent for somebody. Headers given have the last word, whatever the case of their names.
  function headersOf({ token, account }, given = {}) {
    const own = new Set(Object.keys(given).map((name) => name.toLowerCase()));
    const added = {};
    if (token && !own.has("authorization")) added.Authorization = `Bearer ${token}`;
    if (account && !own.has("x-account")) added["X-Account"] = account;
    return { ...given, ...added };
  }

  const personOf = (token) => config.people.find((one) => one.token === token);

  // How to speak of whoever acts.
  function name() {
    const { token } = current();
    return personOf(token)?.name ?? (token ? "the token's owner" : "nobody");
  }

  function show() {
    const { token } = current();
    const known = Boolean(personOf(token));
    person.value = known || !token ? token : "other";
    document.body.classList.toggle("typed-token", !config.people.length || (token !== "" && !known));
  }

  function changed() {
    remember();
    show();
    for (const listener of listeners) listener();
  }

  function choose({ token, account = "" }) {
    fields.token.value = token;
    fields.account.value = account;
    remember();
    show();
  }

  function chooseFromMenu() {
    const other = person.value === "other";
    fields.token.value = other ? "" : person.value;
    changed();
    if (!other) return;
    person.value = "other";
    document.body.classList.add("typed-token");
    fields.token.focus();
  }

  const saved = recall();
  wasChosen = saved !== null;
  fields.token.value = saved?.token ?? config.people[0]?.token ?? "";
  fields.account.value = saved?.account ?? "";
  // A typed token is a secret; a demo token is there to be read and copied.
  document.body.classList.toggle("demo", config.people.length > 0);
  element("person-field").hidden = !config.people.length;
  for (const one of config.people) person.add(new Option(`${one.name} · ${one.roles}`, one.token));
  person.add(new Option("nobody", ""));
  person.add(new Option("another token…", "other"));
  person.addEventListener("change", chooseFromMenu);
  for (const field of Object.values(fields)) field.addEventListener("change", changed);
  show();

  return {
    config,
    hint: (text) => {
      element("hint").textContent = text;
    },
    identity: { current, headersOf, name, choose, wasChosen: () => wasChosen, onChange: (one) => listeners.push(one) },
  };
})();
