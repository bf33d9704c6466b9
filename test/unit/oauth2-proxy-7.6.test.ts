import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { issuer, type Issuer } from "../sign-in/issuer";
import { oauth2Proxy, type Oauth2Proxy } from "../sign-in/oauth2-proxy";
import { accounts, allowed, arrivals, cases, people, type Who } from "../sign-in/owner-cases";
import { redis, type Store } from "../sign-in/stores";
import { visitor, type Visitor } from "../sign-in/visitor";

const domain = "dev.example.com";
const portal = `https://auth.${domain}`;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "oauth2-proxy-"));

let at: Issuer;
let store: Store;
let proxy: Oauth2Proxy;
let visitors: Record<Who, Visitor>;
const arriving = (jar?: Visitor["jar"]) =>
  visitor({ entrance: proxy, portal, issuer: at, ...(jar === undefined ? {} : { jar }) });

const own = (name: string): string => {
  const made = path.join(folder, name);
  fs.mkdirSync(made);
  return made;
};

beforeAll(async () => {
  at = await issuer({ folder: own("issuer"), accounts, redirect: `${portal}/oauth2/callback` });
  store = await redis(folder);
  proxy = await oauth2Proxy({
    folder: own("proxy"),
    domain,
    httpsPort: 443,
    people,
    redis: store,
    clientSecret: at.client.secret,
    ca: at.ca,
    provider: {
      type: "oidc",
      clientId: at.client.id,
      issuer: at.url,
      allow: { groups: allowed },
      groupsClaim: "groups",
      scopes: ["groups"],
    },
  });
  visitors = await arrivals(arriving);
}, 300_000);

afterAll(async () => {
  await proxy.stop();
  await store.stop();
  await at.stop();
  fs.rmSync(folder, { recursive: true });
});

test.each(cases(domain).filter(({ refusal }) => refusal === undefined))("$who reaches $what", async (one) => {
  expect(await visitors[one.who].ask(one)).toMatchObject({ status: 200 });
});

test.each(cases(domain).filter(({ refusal }) => refusal !== undefined))(
  "$who does not reach $what",
  async ({ refusal, ...one }) => {
    expect(await visitors[one.who].ask(one)).toMatchObject({ status: refusal });
  },
);
