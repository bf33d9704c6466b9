import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type { GitHub as Provider } from "../../components/auth/oauth2-proxy/flags";
import { gitHub, type GitHub, type GitHubAccount } from "../sign-in/github";
import { oauth2Proxy } from "../sign-in/oauth2-proxy";
import { people } from "../sign-in/owner-cases";
import { redis, type Store } from "../sign-in/stores";
import { visitor } from "../sign-in/visitor";

// A machine that does much else besides takes its time.
jest.setTimeout(60_000);

const domain = "dev.example.com";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "github-"));

const main = (email: string) => ({ email, primary: true, verified: true });
const accounts = {
  alice: { organisations: ["acme"], teams: ["acme/dev"], emails: [main("alice@example.com")] },
  ada: { organisations: ["acme", "other"], teams: ["other/dev"], emails: [main("ada@example.com")] },
  bob: { organisations: ["acme-2"], teams: [], emails: [main("bob+dev@example.com")] },
  // Her address there is another, and the one we know is not her first, or not verified.
  carol: {
    organisations: ["acme"],
    teams: ["acme/dev"],
    emails: [main("c@example.org"), { email: "carol@example.com", primary: false, verified: true }],
  },
  dave: {
    organisations: ["acme"],
    teams: ["acme/dev"],
    emails: [{ email: "dave@example.com", primary: true, verified: false }],
  },
  erin: { organisations: ["acme"], teams: ["acme/dev"], emails: [main("erin@example.com")] },
} satisfies Record<string, GitHubAccount>;

let hub: GitHub;
let store: Store;

beforeAll(async () => {
  hub = await gitHub(accounts);
  store = await redis(folder);
});

afterAll(async () => {
  await store.stop();
  await hub.stop();
  fs.rmSync(folder, { recursive: true });
});

test.each<[string, Partial<Provider>, string[]]>([
  ["an organisation lets its members in", { organisation: "acme" }, ["alice", "ada"]],
  [
    "a team lets its members in, and no other organisation's",
    { organisation: "acme", teams: ["dev"] },
    ["alice"],
  ],
  [
    "a login passes besides the organisation",
    { organisation: "acme", logins: ["bob"] },
    ["alice", "ada", "bob"],
  ],
  [
    "a login passes besides the team",
    { organisation: "acme", teams: ["dev"], logins: ["ada"] },
    ["alice", "ada"],
  ],
  ["listed logins pass alone", { logins: ["bob", "erin", "carol"] }, ["bob"]],
])("%s, each to their own", async (_, list, expected) => {
  const proxy = await oauth2Proxy({
    folder: fs.mkdtempSync(path.join(folder, "proxy-")),
    domain,
    httpsPort: 443,
    people,
    redis: store,
    clientSecret: "secret",
    ca: hub.ca,
    provider: { type: "github", clientId: "vibecode", teams: [], logins: [], ...list },
    more: hub.flags,
  });
  try {
    const reached: Record<string, string[]> = {};
    for (const login of Object.keys(accounts)) {
      const who = visitor({ entrance: proxy, portal: `https://auth.${domain}`, issuer: hub });
      await who.signIn(login);
      const asked = people.map(async ({ name }) => ({
        name,
        ...(await who.ask({ host: `${name}.${domain}` })),
      }));
      const open = (await Promise.all(asked)).filter(({ status }) => status === 200);
      if (open.length > 0) reached[login] = open.map(({ name }) => name);
    }
    expect(reached).toEqual(Object.fromEntries(expected.map((name) => [name, [name]])));
  } finally {
    await proxy.stop();
  }
});
