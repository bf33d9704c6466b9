import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";

import { forwardAuth } from "../../components/auth/forward-auth";
import { tracing } from "../../components/ingress/traefik";
import { signInPage } from "../../components/monitoring/datadog/account/sign-in-page";
import { datadogOf } from "../../infra/monitoring-datadog";
import { eventually } from "../cluster/eventually";
import { backend, exchange, type Backend } from "../ingress/backend";
import { traefik, type Traefik } from "../ingress/traefik";
import { issuer, type Issuer } from "../sign-in/issuer";
import { oauth2Proxy, type Oauth2Proxy } from "../sign-in/oauth2-proxy";
import { accounts, people } from "../sign-in/owner-cases";
import { redis, type Store } from "../sign-in/stores";
import { place } from "../unit/datadog-component";

jest.setTimeout(60_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-datadog-"));
const own = (name: string): string => {
  const made = path.join(folder, name);
  fs.mkdirSync(made);
  return made;
};
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("the visit of oauth2-proxy's page", () => {
  const domain = "dev.example.com";
  let at: Issuer;
  let store: Store;
  let proxy: Oauth2Proxy;

  beforeAll(async () => {
    at = await issuer({
      folder: own("issuer"),
      accounts,
      redirect: `https://auth.${domain}/oauth2/callback`,
    });
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
        allow: "users",
        groupsClaim: "groups",
        scopes: [],
      },
    });
  }, 300_000);
  afterAll(async () => {
    for (const { stop } of [proxy, store, at]) await stop();
  });

  test("is answered as it must be, as that of any other page is not", async () => {
    const where = {
      ...place({ signInPage: { locations: ["aws:eu-west-1"] } }),
      auth: { kind: "oauth2-proxy" },
    };
    const visited = datadogOf(where, [])?.signInPage;
    if (visited === undefined) throw new Error("nobody visits");
    const { assertions } = signInPage({ ...visited, title: "", tags: [], notify: [] });
    const { host, pathname } = new URL(visited.url);
    const answer = await proxy.send({ host, path: pathname, headers: { accept: "*/*" } });
    expect(assertions).toContainEqual({ type: "statusCode", operator: "is", target: String(answer.status) });
    expect(assertions).toContainEqual(
      expect.objectContaining({ property: "content-type", target: "text/html" }),
    );
    expect(answer.headers["content-type"]).toContain("text/html");
    expect((await proxy.send({ host, path: "/", headers: { accept: "*/*" } })).status).toBe(403);
  });
});

describe("Traefik's traces", () => {
  let collector: Backend;
  let signIn: Backend;
  let workspace: Backend;
  let door: Traefik;
  /** Each as it came: a path, and spans in a form of which only texts can be read. */
  const sent: { path: string; body: string }[] = [];

  beforeAll(async () => {
    collector = await backend({
      answer: (request, response) => {
        const body: Buffer[] = [];
        request.on("data", (part: Buffer) => body.push(part));
        request.on("end", () => {
          sent.push({ path: request.url ?? "", body: gunzipSync(Buffer.concat(body)).toString("latin1") });
          response.end();
        });
      },
    });
    signIn = await backend({ answer: (_, response) => response.end() });
    workspace = await backend({ answer: (_, response) => response.end("ok") });
    door = await traefik({
      folder: own("traefik"),
      middlewares: { "sign-in": forwardAuth(`http://127.0.0.1:${signIn.port}/`, []) },
      entry: [],
      guard: ["sign-in@file"],
      backend: workspace.port,
      // Each request: one in ten is a matter of luck.
      tracing: { ...tracing(`http://127.0.0.1:${collector.port}/v1/traces`), sampleRate: 1 },
    });
  }, 1_800_000);
  afterAll(async () => {
    await door.stop();
    for (const { close } of [collector, signIn, workspace]) await close();
  });

  test("reach the collector, and tell neither a query nor who is signed in", async () => {
    const answer = await exchange(door.web, [
      "GET /editor?tkn=s3cret HTTP/1.1",
      "Host: alice.dev.example.com",
      "User-Agent: Browser/1",
      "Cookie: session=s3cret",
      "Authorization: Bearer s3cret",
      "Connection: close",
    ]);
    expect(answer).toContain("ok");
    await eventually(() => {
      expect(sent.map(({ body }) => body).join("")).toContain("/editor");
      return Promise.resolve();
    }, 30);
    expect(new Set(sent.map((one) => one.path))).toEqual(new Set(["/v1/traces"]));
    const spans = sent.map(({ body }) => body).join("");
    for (const known of ["alice.dev.example.com", "Browser/1", "127.0.0.1"]) expect(spans).toContain(known);
    expect(spans).not.toContain("s3cret");
  });
});
