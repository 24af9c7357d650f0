// A checker's review inbox, for a page or for anything else: list it, follow it live, decide.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { initGraphQLTada, type ResultOf } from "gql.tada";
import { createClient } from "graphql-ws";
import type { introspection } from "./graphql-env.d.ts";

const graphql = initGraphQLTada<{ introspection: introspection; scalars: { DateTime: string; JSON: unknown } }>();

export const Entry = graphql(`
  fragment Entry on ApprovalRequest @_unmask {
    id
    note
    submittedBy { name }
    campaign { id name channel }
    revision { audience { segment estimatedSize } }
  }
`);
export const Inbox = graphql(`query Inbox { reviewInbox(first: 100) { edges { node { ...Entry } } } }`, [Entry]);
export const InboxChanged = graphql(
  `subscription InboxChanged { reviewInboxChanged { change request { ...Entry } } }`,
  [Entry],
);
export const ToRead = graphql(`
  query ToRead($id: ID!) {
    campaign(id: $id) {
      id
      name
      status
      viewerActions { action allowed reasons { code message } }
      openRequest { contentHash revision { content {
        __typename
        ... on AppPushContent { title body deepLink imageUrl }
        ... on EmailContent { subject preheader fromName fromEmail replyTo html text }
        ... on OnsiteContent { placement html }
        ... on SmsContent { senderId body }
        ... on WebPushContent { title body url iconUrl }
        ... on WhatsappContent { templateName language parameters }
      } } }
    }
  }
`);
const Refusal = graphql(`
  fragment Refusal on UserError @_unmask {
    code
    message
    ... on StaleRevision { changedSections }
    ... on Forbidden { reasons { message } }
  }
`);
export const Approve = graphql(
  `mutation Approve($input: ApproveCampaignInput!) {
    approveCampaign(input: $input) {
      __typename ...Refusal ... on ApproveCampaignPayload { campaign { id name status } }
    }
  }`,
  [Refusal],
);
export const Reject = graphql(
  `mutation Reject($input: RejectCampaignInput!) {
    rejectCampaign(input: $input) {
      __typename ...Refusal ... on RejectCampaignPayload { campaign { id name status } }
    }
  }`,
  [Refusal],
);
export type Entry = ResultOf<typeof Entry>;
export type Change = ResultOf<typeof InboxChanged>["reviewInboxChanged"];
export type Decided = NonNullable<
  ResultOf<typeof Approve>["approveCampaign"] | ResultOf<typeof Reject>["rejectCampaign"]
>;

// Queries and mutations go over HTTP, what is to be live over one WebSocket. Node.js 20 has none: give it one.
export function connect(url: string, token: string, webSocketImpl?: unknown) {
  const headers = { Authorization: `Bearer ${token}` };
  const refused = (why: unknown) => why instanceof Object && "code" in why && why.code === 4403;
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: headers,
    webSocketImpl,
    retryAttempts: Infinity,
    shouldRetry: (why) => !refused(why),
  });
  const live = subscriptionExchange({
    isSubscriptionOperation: ({ kind, context }) => kind === "subscription" || context["live"] === true,
    forwardSubscription: ({ query = "", ...rest }) => ({
      subscribe(sink) {
        const end = socket.subscribe({ query, ...rest }, sink);
        // Not at once: graphql-ws 6.4 counts it twice when an answer and its end arrive together, and hangs up.
        return { unsubscribe: () => setTimeout(end) };
      },
    }),
  });
  return { socket, client: new Client({ url, fetchOptions: { headers }, exchanges: [live, fetchExchange] }) };
}

// `begins` gets the whole inbox at first and after each reconnection, `changes` what comes and goes. What is asked
// over the socket behind the subscription misses nothing.
export function follow(
  { socket, client }: ReturnType<typeof connect>,
  on: { begins: (entries: Entry[]) => void; changes: (change: Change) => void; fails: (error?: Error) => void },
) {
  socket.on("connected", async () => {
    const { data, error } = await client.query(Inbox, {}, { live: true });
    data ? on.begins(entriesOf(data)) : on.fails(error);
  });
  return client.subscription(InboxChanged, {}).subscribe(({ data, error }) => {
    data ? on.changes(data.reviewInboxChanged) : on.fails(error);
  });
}

export const entriesOf = ({ reviewInbox }: ResultOf<typeof Inbox>) => reviewInbox?.edges.map(({ node }) => node) ?? [];

// What came of a decision, in words. A union may get members: the last branch takes every refusal that is not named,
// and does not compile while a payload is missing above it.
export function told(result: Decided): string {
  switch (result.__typename) {
    case "ApproveCampaignPayload":
    case "RejectCampaignPayload":
      return `${result.campaign.name} is ${result.campaign.status}`;
    case "StaleRevision":
      return `changed since you read it (${result.changedSections.join(", ")}): read it again, then decide`;
    case "Forbidden":
      return `${result.message}: ${result.reasons.map(({ message }) => message).join("; ")}`;
    default:
      return `${result.code}: ${result.message}`;
  }
}
