import { graphql } from "relay-runtime";

export const inbox = graphql`
  subscription ReviewInboxSubscription {
    reviewInboxChanged {
      change
      request {
        id
        contentHash
        campaign {
          ...CampaignCard_campaign
        }
      }
    }
  }
`;
