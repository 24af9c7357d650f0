import { graphql } from "relay-runtime";

export const campaign = graphql`
  fragment CampaignCard_campaign on Campaign
  @refetchable(queryName: "CampaignCardRefetchQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    name
    status
    version
    viewerActions {
      action
      allowed
      reasons {
        code
        message
      }
    }
    comments(first: $first, after: $after) @connection(key: "CampaignCard_comments") {
      edges {
        node {
          body
          by {
            name
          }
        }
      }
    }
  }
`;
