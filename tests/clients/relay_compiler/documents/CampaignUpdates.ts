import { graphql } from "relay-runtime";

export const changes = graphql`
  subscription CampaignUpdatesSubscription($campaignId: ID) {
    campaignChanged(campaignId: $campaignId) {
      ...CampaignCard_campaign
    }
  }
`;
