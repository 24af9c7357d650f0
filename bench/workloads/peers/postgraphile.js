// PostGraphile 5 over the tables as they are; what is more than a table is a function in SQL.
// It is asked for no viewerActions, which is in its favour. Arguments: the database's URL and the port.
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const [url, port] = process.argv.slice(2);
const at = new URL(url.replace("@/", "@localhost/"));
const poolConfig = {
  host: at.searchParams.get("host") ?? at.hostname, port: Number(at.port || 5432), user: at.username,
  password: decodeURIComponent(at.password), database: at.pathname.slice(1), max: 10,
};
const FUNCTIONS = `
CREATE SCHEMA IF NOT EXISTS bench;
CREATE OR REPLACE FUNCTION bench.viewer() RETURNS SETOF public.member STABLE LANGUAGE sql AS $$
  SELECT m.* FROM public.api_token t JOIN public.member m ON m.user_id = t.user_id AND m.active
  WHERE t.hash = encode(sha256(convert_to(substr(current_setting('bench.token'), 8), 'UTF8')), 'hex')
    AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()) $$;
COMMENT ON FUNCTION bench.viewer() IS '@behavior -*';
CREATE OR REPLACE FUNCTION bench.inbox() RETURNS SETOF public.approval_request STABLE LANGUAGE sql AS $$
  SELECT r.* FROM bench.viewer() v JOIN public.approval_request r ON r.account_id = v.account_id
  JOIN public.campaign c ON c.id = r.campaign_id
  WHERE r.status = 'OPEN' AND r.expires_at > now() AND c.status = 'PENDING_REVIEW' AND c.created_by_id <> v.user_id
    AND NOT EXISTS (SELECT 1 FROM public.decision d
                    WHERE d.request_id = r.id AND d.by_id = v.user_id AND NOT d.voided)
    AND NOT EXISTS (SELECT 1 FROM public.contributor k WHERE k.campaign_id = c.id AND k.user_id = v.user_id)
  ORDER BY r.submitted_at, r.id $$;
CREATE OR REPLACE FUNCTION bench.list() RETURNS SETOF public.campaign STABLE LANGUAGE sql AS $$
  SELECT c.* FROM bench.viewer() v JOIN public.campaign c ON c.account_id = v.account_id
  WHERE c.status IN ('DRAFT', 'PENDING_REVIEW') AND c.channel IN ('EMAIL', 'SMS')
  ORDER BY c.updated_at DESC, c.id DESC $$;
`;
const client = new pg.Client(poolConfig);
await client.connect();
await client.query(FUNCTIONS);
await client.end();

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ poolConfig, schemas: ["public", "bench"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: {
    context: ({ node }) => ({ pgSettings: { "bench.token": node?.req.headers.authorization ?? "" } }),
  },
};
const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(port), "127.0.0.1");
