// A mail's link, `?review=<campaign>`: the review is opened in tabs of its own. The id travels as data only.
"use strict";

((explorer) => {
  const { config, identity } = explorer;
  const asked = new URLSearchParams(location.search).get("review");
  const MAX_ID = 200; // longer than any id; what is longer is none
  const id = (asked ?? "").trim().slice(0, MAX_ID);
  let found = null; // { who, campaign, mayDecide }

  const shortId = () => (id.length > 40 ? `${id.slice(0, 40)}…` : id);
  const quoted = () => `“${found.campaign.name}”`;

  async function look(who) {
    const campaign = (await explorer.ask(config.reviewed, { id }, who))?.campaign;
    if (!campaign) return null;
    const verdict = campaign.viewerActions.find((one) => one.action === "APPROVE");
    return { who, campaign, mayDecide: verdict.allowed };
  }

  // In a fresh window of the demo: the first person who may decide, else the first who may see.
  async function lookAsEverybody() {
    let seen = null;
    for (const { token } of config.people) {
      const one = await look({ token, account: "" });
      if (one?.mayDecide) return one;
      seen ??= one;
      if (seen && !seen.campaign.openRequest) return seen; // nobody may decide
    }
    return seen;
  }

  function whoMay() {
    const able = found.campaign.openRequest.eligibleApprovers.filter((one) => one.eligible);
    return able.map((one) => one.user.name).join(", ") || "nobody";
  }

  function sayWhatIsThere(isChosenHere) {
    const { campaign, mayDecide } = found;
    const who = `You act as ${identity.name()}`;
    const last = campaign.requests.edges.length ? "The answer says how its last review ended." : "It was never submitted.";
    if (!campaign.openRequest) return `${quoted()} waits for no decision: it is ${campaign.status}. ${last}`;
    if (!mayDecide) return `${who}, who may not decide on ${quoted()}. Who may: ${whoMay()}.`;
    const isFirst = isChosenHere ? "the first who may" : "who may";
    return `${who}, ${isFirst} decide on ${quoted()} (${whoMay()}). Read the answer, then open ApproveCampaign or RejectCampaign.`;
  }

  function sayWhatIsMissing() {
    if (!id) return "The link names no campaign: open it from the mail again.";
    if (!config.people.length && !identity.current().token) return "Paste an API token above: the review opens then.";
    const nobody = config.people.length && !identity.wasChosen() ? "Nobody of the demo may see" : `You act as ${identity.name()}, who may not see`;
    const other = config.people.length ? "Choose whoever the mail was for" : "Use the token of whoever the mail was for, choose the account";
    return `${nobody} a campaign with the id ${shortId()}, or there is none. ${other}, or open the link again: it may have been cut.`;
  }

  // Looks the campaign up; true when something else is known than before.
  async function open() {
    if (found) return false; // a change of person is no reason to begin again
    const isFresh = !identity.wasChosen() && config.people.length > 0;
    if (id) found = isFresh ? await lookAsEverybody() : await look(identity.current());
    const isChosenHere = isFresh && found !== null;
    if (isChosenHere) identity.choose(found.who);
    if (found) document.title = `${found.campaign.name} · review`;
    explorer.hint(found ? sayWhatIsThere(isChosenHere) : sayWhatIsMissing());
    return found !== null;
  }

  // After a change of person: what this one may do.
  async function lookAgain() {
    const seen = await look(identity.current());
    if (seen) found = seen;
    explorer.hint(seen ? sayWhatIsThere(false) : sayWhatIsMissing());
  }

  // What the revision under review is compared with: the one that recipients have, else the one reviewed before.
  function compared() {
    const { openRequest, live, requests } = found?.campaign ?? {};
    const before = live?.revision.number ?? requests?.edges[1]?.node.revision.number;
    const to = openRequest?.revision.number;
    return to && before && before !== to ? { compare: true, from: before, to } : { compare: false };
  }

  function tabs() {
    const [first, ...others] = config.reviewTabs;
    return [{ ...first, variables: JSON.stringify({ id, ...compared() }, null, 2) }, ...others];
  }

  explorer.review = asked === null ? null : { open, lookAgain, tabs, isOpen: () => found !== null };
})(globalThis.explorer);
