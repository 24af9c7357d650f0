// What every client has to do. Each step gets three of them: a maker's, a checker's, and one without a token.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { operation } from "./documents.mjs";
import { soon } from "./waiting.mjs";

const draft = () => ({
  name: `Matrix ${randomUUID()}`,
  content: { sms: { senderId: "ACME", body: "Buy!" } },
  audience: { segment: "All", estimatedSize: 1000 },
  publishMode: "MANUAL",
});

// A result as a failed assertion shows it; a failure is an error, or what a socket was closed with.
function shown({ failure: { message, code, reason } = {}, ...rest }) {
  return JSON.stringify({ ...rest, message, code, reason });
}

async function answer(client, name, variables) {
  const result = await soon(client.run(operation(name), variables), name);
  assert.ok(result.data && !result.errors, `${name}: ${shown(result)}`);
  return result.data;
}

async function mutate(client, name, input) {
  return Object.values(await answer(client, name, { input }))[0];
}

async function begin(client, name, variables) {
  const following = client.follow(operation(name), variables);
  await soon(following.begun(), `the beginning of ${name}`);
  return following;
}

async function event(following, field) {
  const result = await following.inbox.next(field);
  assert.ok(result.data && !result.errors, `no event of ${field}: ${shown(result)}`);
  return result.data[field];
}

async function refused(answer, code, what) {
  const result = await soon(answer, what);
  assert.equal(result.errors?.[0].extensions.code, code, `${what}: ${shown(result)}`);
}

export async function query({ maker }) {
  const { campaign } = await mutate(maker, "Create", draft());
  const data = await answer(maker, "Campaigns", { first: 1 });
  assert.equal(data.viewer.user.name, "Maya");
  assert.equal(data.campaigns.edges[0].node.id, campaign.id);
}

export async function mutation({ maker, checker }) {
  const created = await mutate(maker, "Create", draft());
  assert.equal(created.__typename, "CreateCampaignPayload");
  const submitted = await mutate(maker, "Submit", { campaignId: created.campaign.id });
  assert.equal(submitted.campaign.status, "PENDING_REVIEW");
  const stale = { campaignId: created.campaign.id, contentHash: "0".repeat(64) };
  assert.equal((await mutate(checker, "Approve", stale)).code, "STALE_REVISION");
}

export async function error({ maker, nobody, sendsAnyText }) {
  const { campaign } = await mutate(maker, "Create", draft());
  const following = await begin(maker, "CampaignChanged", { campaignId: campaign.id });

  const stale = { campaignId: campaign.id, expectedVersion: campaign.version + 1, name: "Too late" };
  const union = await mutate(maker, "Update", stale);
  assert.deepEqual([union.__typename, union.code], ["StaleVersion", "STALE_VERSION"]);
  assert.equal(union.currentVersion, campaign.version);

  const list = operation("Campaigns");
  await refused(nobody.run(list, {}), "UNAUTHENTICATED", "nobody's query");
  await refused(maker.run(list, { first: "many" }), "BAD_USER_INPUT", "a variable of another type");
  await refused(maker.run(list, { first: 101 }), "BAD_USER_INPUT", "too long a page");
  await refused(maker.run("{ nothing }"), "GRAPHQL_VALIDATION_FAILED", "an unknown field");
  await refusedSubscriptions(maker, sendsAnyText);

  await mutate(maker, "Update", { ...stale, expectedVersion: campaign.version, name: "In time" });
  assert.equal((await event(following, "campaignChanged")).name, "In time"); // it still runs
  following.stop();
}

async function refusedSubscriptions(maker, sendsAnyText) {
  const unknown = maker.follow("subscription { nothing }");
  await refused(unknown.inbox.next("error"), "GRAPHQL_VALIDATION_FAILED", "an unknown subscription");
  if (!sendsAnyText) return; // the others parse before they send
  await refused(maker.run("{ viewer {"), "GRAPHQL_PARSE_FAILED", "a syntax error");
  const broken = maker.follow("subscription {");
  await refused(broken.inbox.next("error"), "GRAPHQL_PARSE_FAILED", "a subscription's syntax error");
}

export async function subscription({ maker, checker }) {
  const { campaign } = await mutate(maker, "Create", draft());
  const changed = await begin(maker, "CampaignChanged", { campaignId: campaign.id });
  const inbox = await begin(checker, "ReviewInboxChanged");

  await mutate(maker, "Submit", { campaignId: campaign.id });
  assert.equal((await event(changed, "campaignChanged")).status, "PENDING_REVIEW");
  const { change, request } = await event(inbox, "reviewInboxChanged");
  assert.deepEqual([change, request.campaign.id], ["ADDED", campaign.id]);

  await mutate(checker, "Approve", { campaignId: campaign.id, contentHash: request.contentHash });
  assert.equal((await event(changed, "campaignChanged")).status, "APPROVED");
  assert.equal((await event(inbox, "reviewInboxChanged")).change, "REMOVED");
  changed.stop();
  inbox.stop();
}
