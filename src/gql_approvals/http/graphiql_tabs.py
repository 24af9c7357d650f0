"""The explorer's first tabs: operations that work against the schema as it is, in the order of the story.

A tab's title is its operation's name. A value in angle brackets says where the real one comes from; the page
fills it in. The operations of a review that a mail links to are in `graphiql_review.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """One prefilled tab. `variables`: JSON text, as in the variables editor. `next`: a hint at what to do."""

    query: str
    variables: str = ""
    next: str = ""


WHO_AM_I = Tab(
    """\
# Who am I, and what may I do?
# Pick a person above (or paste an API token), then press Ctrl-Enter.
query WhoAmI {
  viewer {
    user { name email }
    account { slug name approvalsEnabled }
    accounts { slug }
    roles
    permissions
  }
}
""",
    next="Ctrl-Enter runs a tab. Next: ReviewQueue.",
)

REVIEW_QUEUE = Tab(
    """\
# What waits for my decision? Try it as a checker.
# The first one's `campaign.id` and `contentHash` are filled into the tab ApproveCampaign.
query ReviewQueue {
  reviewInbox(first: 10) {
    totalCount
    edges {
      node {
        submittedAt
        submittedBy { name }
        note
        contentHash
        campaign {
          id
          name
          channel
          viewerActions { action allowed reasons { message } }
        }
        revision {
          number
          scheduledAt
          audience { segment estimatedSize }
          content {
            __typename
            ... on EmailContent { subject }
            ... on SmsContent { body }
            ... on AppPushContent { title }
            ... on WhatsappContent { templateName }
            ... on WebPushContent { title }
            ... on OnsiteContent { placement }
          }
        }
        requirements { role needed left satisfied }
      }
    }
  }
}
""",
    next="Empty? Act as somebody who decides. Next: CreateCampaign, as a maker.",
)

CREATE_CAMPAIGN = Tab(
    """\
# Write a campaign as a maker. The answer's `id` is filled into the tab SubmitCampaign.
mutation CreateCampaign($input: CreateCampaignInput!) {
  createCampaign(input: $input) {
    __typename
    ... on CreateCampaignPayload {
      campaign {
        id
        name
        status
        version
        head { number contentHash }
      }
    }
    ... on InvalidInput { problems { path message } }
    ... on UserError { code message }
  }
}
""",
    """\
{
  "input": {
    "name": "Spring sale",
    "content": {
      "email": {
        "subject": "Spring sale: 20 % off until Sunday",
        "fromName": "Acme",
        "fromEmail": "news@acme.test",
        "html": "<h1>Spring sale</h1><p>20 % off until Sunday.</p>"
      }
    },
    "audience": { "segment": "Newsletter subscribers", "estimatedSize": 12000 }
  }
}
""",
    "Next: SubmitCampaign, as a maker.",
)

SUBMIT_CAMPAIGN = Tab(
    """\
# Ask for approval: from now on the content is frozen until somebody decides.
mutation SubmitCampaign($input: SubmitCampaignInput!) {
  submitCampaign(input: $input) {
    __typename
    ... on SubmitCampaignPayload {
      campaign { id name status }
      request {
        contentHash
        requirements { role needed }
        eligibleApprovers { user { name } eligible reasons { message } }
      }
    }
    ... on UserError { code message }
  }
}
""",
    """\
{
  "input": {
    "campaignId": "<run CreateCampaign first: its id comes here>",
    "note": "Please look at the subject line."
  }
}
""",
    "Next: ApproveCampaign, as the maker first, then as somebody who is eligible.",
)

APPROVE_CAMPAIGN = Tab(
    """\
# Approve exactly what was read: `contentHash` names it.
# Whoever made the campaign may not: try it, then act as somebody else above.
mutation ApproveCampaign($input: ApproveCampaignInput!) {
  approveCampaign(input: $input) {
    __typename
    ... on ApproveCampaignPayload {
      campaign { id status authorisation }
      decision { verdict by { name } at }
    }
    ... on Forbidden { reasons { message source } }
    ... on AlreadyDecided { verdict by { name } at }
    ... on StaleRevision { currentContentHash changedSections }
    ... on UserError { code message }
  }
}
""",
    """\
{
  "input": {
    "comment": "Looks good.",
    "campaignId": "<run ReviewQueue or SubmitCampaign first>",
    "contentHash": "<comes with it>"
  }
}
""",
    "Refused? Act as somebody else above, and run it again. Then: WatchCampaigns, with a second window.",
)

WATCH_CAMPAIGNS = Tab(
    """\
# What happens, as it happens. Start it, then act as somebody else in a second window.
subscription WatchCampaigns {
  campaignChanged {
    id
    name
    status
    version
    updatedAt
  }
}
""",
    next="Start it, then open this page in a second window and do something there as somebody else.",
)

TABS = (WHO_AM_I, REVIEW_QUEUE, CREATE_CAMPAIGN, SUBMIT_CAMPAIGN, APPROVE_CAMPAIGN, WATCH_CAMPAIGNS)

# What the demo's page asks so that no tab waits for another one: a draft to submit, a campaign to decide on.
SUGGESTIONS = """\
query Suggestions {
  drafts: campaigns(first: 20, filter: { status: [DRAFT] }) {
    edges { node { id name viewerActions { action allowed } } }
  }
  reviewInbox(first: 1) { edges { node { contentHash campaign { id name } } } }
  waiting: campaigns(first: 1, filter: { status: [PENDING_REVIEW] }) {
    edges { node { id name openRequest { contentHash } } }
  }
}
"""
