import { graphql } from '../../api/generated/gql.ts';

export const CALENDAR_FEEDS = graphql(`
  query CalendarFeeds($projectId: ID!) {
    calendarFeeds(projectId: $projectId) {
      ...ShownFeed
    }
  }

  fragment ShownFeed on CalendarFeed {
    id
    name
    createdAt
    createdBy
    expiresAt
  }
`);

export const CREATE_CALENDAR_FEED = graphql(`
  mutation CreateCalendarFeed($projectId: ID!, $input: CreateCalendarFeedInput!) {
    createCalendarFeed(projectId: $projectId, input: $input) {
      url
    }
  }
`);

export const REVOKE_CALENDAR_FEED = graphql(`
  mutation RevokeCalendarFeed($projectId: ID!, $id: ID!) {
    revokeCalendarFeed(projectId: $projectId, id: $id) {
      revokedId
    }
  }
`);
