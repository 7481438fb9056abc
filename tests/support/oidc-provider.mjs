// A provider of OpenID Connect on loopback, for tests: node oidc-provider.mjs '{"port", "issuer", "client", "secret", "redirects", "people"}'.
// Whoever logs in is known by the name that they type; what else is said of them stands in `people`. Its keys are new at every start.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const nginx = createRequire(new URL("../../nginx/package.json", import.meta.url));
const { default: Provider } = await import(pathToFileURL(nginx.resolve("oidc-provider")).href);

const { port, issuer, client, secret, redirects, people } = JSON.parse(process.argv[2]);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };

const provider = new Provider(issuer, {
  clients: [{ client_id: client, client_secret: secret, redirect_uris: redirects }],
  jwks: { keys: [key] },
  cookies: { keys: [randomUUID()] },
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name", "preferred_username"],
    groups: ["groups"],
  },
  scopes: ["openid", "email", "profile", "groups"],
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, ...people[id] }),
  }),
  // Nobody is asked whether the server may know who they are.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid email profile groups");
    await grant.save();
    return grant;
  },
});
provider.listen(port, "127.0.0.1", () => console.log("ready"));
