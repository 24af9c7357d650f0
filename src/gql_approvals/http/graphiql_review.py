"""The explorer's tabs for one review, which a mail's link opens: read it, then approve or reject."""

from gql_approvals.http.graphiql_tabs import APPROVE_CAMPAIGN, Tab

# What the page asks first: whether this person sees the campaign and may decide, and which revision to
# compare the reviewed one with.
REVIEWED = """\
query Reviewed($id: ID!) {
  campaign(id: $id) {
    name
    status
    live { revision { number } }
    openRequest { revision { number } eligibleApprovers { user { name } eligible } }
    requests(first: 2) { edges { node { revision { number } } } }
    viewerActions { action allowed }
  }
}
"""

REVIEW_CAMPAIGN = Tab(
    """\
# What is asked of whom, and what changed. `from` is the revision that recipients have,
# or else the one that was reviewed before; without either, nothing is compared.
query ReviewCampaign($id: ID!, $compare: Boolean = false, $from: Int = 1, $to: Int = 1) {
  campaign(id: $id) {
    id
    name
    channel
    status
    changes(from: $from, to: $to) @include(if: $compare) { section path before after }
    openRequest {
      submittedBy { name }
      note
      submittedAt
      expiresAt
      contentHash
      requirements { role needed left approvedBy { name } }
      revision {
        number
        scheduledAt
        audience { segment estimatedSize definition }
        contributors { name }
        content {
          __typename
          ... on EmailContent { subject preheader fromName fromEmail replyTo html text }
          ... on SmsContent { senderId body }
          ... on AppPushContent { title body deepLink imageUrl }
          ... on WhatsappContent { templateName language parameters }
          ... on WebPushContent { title body url iconUrl }
          ... on OnsiteContent { placement html }
        }
      }
      eligibleApprovers { user { name } eligible reasons { message } }
    }
    requests(first: 1) {
      edges { node { status decisions { verdict by { name } at reason } } }
    }
  }
}
""",
    """\
{
  "id": "<the campaign's id>"
}
""",
)

REJECT_CAMPAIGN = Tab(
    """\
# Reject exactly what was read. Write the `reason` first: the makers read it in their mail.
mutation RejectCampaign($input: RejectCampaignInput!) {
  rejectCampaign(input: $input) {
    __typename
    ... on RejectCampaignPayload {
      campaign { id status }
      decision { verdict by { name } at reason }
    }
    ... on Forbidden { reasons { message source } }
    ... on AlreadyDecided { verdict by { name } at }
    ... on InvalidInput { problems { path message } }
    ... on StaleRevision { currentContentHash changedSections }
    ... on UserError { code message }
  }
}
""",
    """\
{
  "input": {
    "reason": "",
    "campaignId": "<run ReviewCampaign first>",
    "contentHash": "<comes with it>"
  }
}
""",
)

REVIEW_TABS = (REVIEW_CAMPAIGN, APPROVE_CAMPAIGN, REJECT_CAMPAIGN)
