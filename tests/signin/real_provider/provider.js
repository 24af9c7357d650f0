// An OpenID provider on loopback: node provider.js PORT KEYS.json
// Whoever signs in as NAME is the person with the subject NAME-1 in the groups of PEOPLE; any password will do.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, keys] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const API = "https://approvals.test";
const PEOPLE = { maya: ["makers"], chen: ["checkers"], eve: ["strangers"] };

const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(keys, "utf-8")),
  clients: [
    {
      client_id: "frontend",
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
    },
  ],
  cookies: { keys: ["for tests only"] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        audience: API,
        scope: "campaigns",
        accessTokenFormat: "jwt",
        accessTokenTTL: 600,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  extraTokenClaims: (_, token) => {
    const name = token.accountId;
    return {
      groups: PEOPLE[name] ?? [],
      name: name[0].toUpperCase() + name.slice(1),
      email: `${name}@acme.test`,
      email_verified: true,
    };
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log(`ready ${issuer}`));
