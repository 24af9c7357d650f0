"""The explorer's first tabs: operations that work against the schema as it is, in the order of the story.

A tab's title is its operation's name.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """One prefilled tab; `variables` is JSON text, as typed in the variables editor."""

    query: str
    variables: str = ""


WHO_AM_I = Tab("""\
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
""")

REVIEW_QUEUE = Tab("""\
# What waits for my decision? Try it as a checker.
# `campaign.id` and `contentHash` are what the tab ApproveCampaign asks for.
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
""")

CREATE_CAMPAIGN = Tab(
    """\
# Write a campaign as a maker. The answer's `id` goes into the tab SubmitCampaign.
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
)

SUBMIT_CAMPAIGN = Tab(
    """\
# Ask for approval: from now on the content is frozen until somebody decides.
mutation SubmitCampaign($input: SubmitCampaignInput!) {
  submitCampaign(input: $input) {
    __typename
    ... on SubmitCampaignPayload {
      campaign { id status }
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
    "campaignId": "paste an id from CreateCampaign",
    "note": "Please look at the subject line."
  }
}
""",
)

APPROVE_CAMPAIGN = Tab(
    """\
# Approve exactly what was read: `contentHash` names it. Try it as its maker first.
mutation ApproveCampaign($input: ApproveCampaignInput!) {
  approveCampaign(input: $input) {
    __typename
    ... on ApproveCampaignPayload {
      campaign { id status authorisation }
      decision { verdict by { name } at }
    }
    ... on Forbidden { reasons { message source } }
    ... on StaleRevision { currentContentHash changedSections }
    ... on UserError { code message }
  }
}
""",
    """\
{
  "input": {
    "campaignId": "paste an id from ReviewQueue",
    "contentHash": "paste its contentHash",
    "comment": "Looks good."
  }
}
""",
)

WATCH_CAMPAIGNS = Tab("""\
# What happens, as it happens. Start it, then act as somebody else in a second window.
subscription WatchCampaigns {
  campaignChanged {
    id
    name
    status
    version
    updatedAt
    viewerActions { action allowed }
  }
}
""")

TABS = (WHO_AM_I, REVIEW_QUEUE, CREATE_CAMPAIGN, SUBMIT_CAMPAIGN, APPROVE_CAMPAIGN, WATCH_CAMPAIGNS)
