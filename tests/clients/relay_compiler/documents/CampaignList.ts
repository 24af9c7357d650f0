import { graphql } from "relay-runtime";

export const query = graphql`
  query CampaignListQuery($filter: CampaignFilter) {
    viewer {
      account {
        slug
      }
    }
    ...CampaignList_campaigns @arguments(filter: $filter)
  }
`;

export const campaigns = graphql`
  fragment CampaignList_campaigns on Query
  @refetchable(queryName: "CampaignListPaginationQuery")
  @argumentDefinitions(
    filter: { type: "CampaignFilter" }
    first: { type: "Int", defaultValue: 50 }
    after: { type: "String" }
  ) {
    campaigns(first: $first, after: $after, filter: $filter) @connection(key: "CampaignList_campaigns") {
      __id
      edges {
        node {
          id
          ...CampaignCard_campaign
        }
      }
    }
  }
`;
