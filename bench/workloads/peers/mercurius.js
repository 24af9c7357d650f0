// mercurius with graphql-jit: the slice's own schema, a loader for every relation, plain SQL.
// Arguments: the database's URL, the port, and the table of rights as JSON.
import { createHash } from "node:crypto";
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

const [url, port, rights] = process.argv.slice(2);
const ACTIONS = JSON.parse(rights); // action -> [roles, statuses]
const at = new URL(url.replace("@/", "@localhost/"));
const host = at.searchParams.get("host") ?? at.hostname;
const pool = new pg.Pool({
  host, port: Number(at.port || 5432), user: at.username, password: decodeURIComponent(at.password),
  database: at.pathname.slice(1), max: 10,
});
pg.types.setTypeParser(20, Number); // bigint

const idOf = (kind, key) => Buffer.from(`${kind}:${key}`).toString("base64url");
const keyOf = (text) => Number(Buffer.from(text, "base64url").toString().split(":")[1]);
const time = (value) => value.toISOString().replace(".000Z", "Z");
const cursor = (value, key) => Buffer.from(`["${time(value)}", ${key}]`).toString("base64url");
const read = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const schema = `
  scalar JSON
  enum OrderDirection { ASC DESC }
  enum CampaignOrderField { CREATED_AT UPDATED_AT NAME }
  input CampaignOrder { field: CampaignOrderField!, direction: OrderDirection! }
  input CampaignFilter { status: [String!], channel: [String!] }
  type User { name: String! }
  type Audience { segment: String!, estimatedSize: Int! }
  type Revision { number: Int!, contentHash: String!, audience: Audience! }
  type ActionVerdict { action: String!, allowed: Boolean! }
  type Campaign {
    id: ID!, name: String!, channel: String!, status: String!, publishMode: String!, version: Int!
    authorisation: String, createdAt: String!, updatedAt: String!, createdBy: User!, head: Revision!
    viewerActions: [ActionVerdict!]!
  }
  type Decision { verdict: String!, at: String!, reason: String, by: User! }
  type ApprovalRequest {
    id: ID!, submittedAt: String!, expiresAt: String!, campaign: Campaign!, decisions: [Decision!]!
  }
  type PageInfo { hasNextPage: Boolean!, endCursor: String }
  type CampaignEdge { node: Campaign! }
  type CampaignConnection { edges: [CampaignEdge!]!, pageInfo: PageInfo! }
  type ApprovalRequestEdge { node: ApprovalRequest! }
  type ApprovalRequestConnection { edges: [ApprovalRequestEdge!]!, pageInfo: PageInfo! }
  type Query {
    campaign(id: ID!): Campaign
    reviewInbox(first: Int = 20): ApprovalRequestConnection
    campaigns(first: Int = 20, filter: CampaignFilter, orderBy: CampaignOrder): CampaignConnection
  }
`;

const CAMPAIGN = `c.id, c.name, c.channel, c.status, c.version, c.authorisation, c.created_at, c.updated_at,
  c.created_by_id, c.head_number`;

const page = (rows, first, key, node) => {
  const shown = rows.slice(0, first);
  const last = shown.at(-1);
  return {
    edges: shown.map((row) => ({ node: node(row) })),
    pageInfo: { hasNextPage: rows.length > first, endCursor: last ? cursor(last[key], last.id) : null },
  };
};

const campaign = (row) => ({
  key: row.id, creator: row.created_by_id, headNumber: row.head_number,
  id: idOf("Campaign", row.id), name: row.name, channel: row.channel, status: row.status, version: row.version,
  authorisation: row.authorisation, createdAt: time(row.created_at), updatedAt: time(row.updated_at),
});

const resolvers = {
  Query: {
    campaign: async (_, { id }, { viewer }) => {
      const [row] = await read("one", `SELECT ${CAMPAIGN} FROM campaign c WHERE c.id = $1 AND c.account_id = $2`,
        [keyOf(id), viewer.account_id]);
      return row ? campaign(row) : null;
    },
    reviewInbox: async (_, { first }, { viewer }) => {
      const rows = await read("inbox", `
        SELECT r.id, r.submitted_at, r.expires_at, r.campaign_id
        FROM approval_request r JOIN campaign c ON c.id = r.campaign_id
        WHERE r.account_id = $1 AND r.status = 'OPEN' AND r.expires_at > now() AND c.status = 'PENDING_REVIEW'
          AND c.created_by_id <> $2
          AND NOT EXISTS (SELECT 1 FROM decision d
                          WHERE d.request_id = r.id AND d.by_id = $2 AND NOT d.voided)
          AND NOT EXISTS (SELECT 1 FROM contributor k WHERE k.campaign_id = c.id AND k.user_id = $2)
        ORDER BY r.submitted_at, r.id LIMIT $3`, [viewer.account_id, viewer.user_id, first + 1]);
      return page(rows, first, "submitted_at", (row) => ({
        key: row.id, of: row.campaign_id, id: idOf("ApprovalRequest", row.id),
        submittedAt: time(row.submitted_at), expiresAt: time(row.expires_at),
      }));
    },
    campaigns: async (_, { first, filter }, { viewer }) => {
      const rows = await read("list", `
        SELECT ${CAMPAIGN} FROM campaign c
        WHERE c.account_id = $1 AND c.status = ANY($2) AND c.channel = ANY($3)
        ORDER BY c.updated_at DESC, c.id DESC LIMIT $4`,
        [viewer.account_id, filter.status, filter.channel, first + 1]);
      return page(rows, first, "updated_at", campaign);
    },
  },
  Campaign: {
    viewerActions: (one, _, { viewer }) => Object.entries(ACTIONS).map(([action, [roles, statuses]]) => ({
      action, allowed: statuses.includes(one.status) && viewer.roles.some((role) => roles.includes(role)),
    })),
  },
};

const users = async (keys) => {
  const rows = await read("users", "SELECT id, name FROM app_user WHERE id = ANY($1)", [[...new Set(keys)]]);
  const by = new Map(rows.map((row) => [row.id, row]));
  return keys.map((key) => by.get(key));
};

const heads = async (queries) => {
  const rows = await read("heads", `
    SELECT v.campaign_id, v.number, v.content_hash, v.segment, v.estimated_size, v.publish_mode FROM revision v
    JOIN campaign c ON c.id = v.campaign_id AND c.head_number = v.number WHERE c.id = ANY($1)`,
    [queries.map(({ obj }) => obj.key)]);
  const by = new Map(rows.map((row) => [row.campaign_id, row]));
  return queries.map(({ obj }) => by.get(obj.key));
};

const loaders = {
  Campaign: {
    createdBy: (queries) => users(queries.map(({ obj }) => obj.creator)),
    head: async (queries) => (await heads(queries)).map((row) => ({
      number: row.number, contentHash: row.content_hash,
      audience: { segment: row.segment, estimatedSize: row.estimated_size },
    })),
    publishMode: async (queries) => (await heads(queries)).map((row) => row.publish_mode),
  },
  ApprovalRequest: {
    campaign: async (queries) => {
      const rows = await read("campaigns", `SELECT ${CAMPAIGN} FROM campaign c WHERE c.id = ANY($1)`,
        [queries.map(({ obj }) => obj.of)]);
      const by = new Map(rows.map((row) => [row.id, row]));
      return queries.map(({ obj }) => campaign(by.get(obj.of)));
    },
    decisions: async (queries) => {
      const rows = await read("decisions",
        "SELECT request_id, by_id, verdict, at, reason FROM decision WHERE request_id = ANY($1) ORDER BY id",
        [queries.map(({ obj }) => obj.key)]);
      const by = Map.groupBy(rows, (row) => row.request_id);
      return queries.map(({ obj }) => (by.get(obj.key) ?? []).map((row) => ({
        voter: row.by_id, verdict: row.verdict, at: time(row.at), reason: row.reason,
      })));
    },
  },
  Decision: { by: (queries) => users(queries.map(({ obj }) => obj.voter)) },
};

const app = Fastify();
app.register(mercurius, {
  schema, resolvers, loaders, jit: 1, cache: true,
  context: async (request) => {
    const token = request.headers.authorization.slice("Bearer ".length);
    const [viewer] = await read("viewer", `
      SELECT t.user_id, m.account_id, m.roles FROM api_token t JOIN member m ON m.user_id = t.user_id AND m.active
      WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`,
      [createHash("sha256").update(token).digest("hex")]);
    if (!viewer) throw new Error("sign in");
    return { viewer };
  },
});
await app.listen({ port: Number(port), host: "127.0.0.1" });
