import { graphql } from "relay-runtime";

export const mutation = graphql`
  mutation CreateCampaignMutation($input: CreateCampaignInput!, $connections: [ID!]!) {
    createCampaign(input: $input) {
      __typename
      ... on CreateCampaignPayload {
        campaign @prependNode(connections: $connections, edgeTypeName: "CampaignEdge") {
          ...CampaignCard_campaign
        }
      }
      ... on InvalidInput {
        problems {
          path
          message
        }
      }
      ... on UserError {
        code
        message
      }
    }
  }
`;
