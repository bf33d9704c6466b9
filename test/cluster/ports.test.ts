import { deploy, type Deployed } from "../platform/deploy";
import { greeting, startServer } from "../platform/dev-server";
import { get, message, type Question } from "../platform/request";

jest.setTimeout(60_000);

let platform: Deployed;
const as = (user: string) => `${user}:${platform.password(user)}`;

const told = (question: Question) => get(platform.door, question);
const status = async (question: Question) => (await told(question)).status;
const heard = (question: Question) => message(platform.door, question, "hello");

beforeAll(async () => {
  platform = await deploy({ users: ["alice", "bob"] });
  startServer("alice", 3000);
}, 600_000);

describe("a program that listens on 127.0.0.1:3000 in alice's workspace", () => {
  test("is at https://3000--alice.<domain> for alice, and is not told her password", async () => {
    const { status, body } = await told({ host: "3000--alice.test.localhost", credentials: as("alice") });
    expect(status).toBe(200);
    expect(body).toContain(greeting);
    expect(body).toContain('"host":"3000--alice.test.localhost"');
    expect(body).toContain('"x-forwarded-proto":"https"');
    expect(body).not.toContain("authorization");
  });

  test("answers on a WebSocket, also to a page of its own", async () => {
    const host = "3000--alice.test.localhost";
    const credentials = as("alice");
    expect(await heard({ host, credentials })).toBe("heard hello");
    const headers = { origin: `https://${host}` };
    expect(await heard({ host, credentials, headers })).toBe("heard hello");
  });

  test("opens no WebSocket to a page of another host, and none to a stranger", async () => {
    const host = "3000--alice.test.localhost";
    const headers = { origin: "https://3000--bob.test.localhost" };
    expect(await heard({ host, credentials: as("alice"), headers })).toBe(403);
    expect(await heard({ host, credentials: as("bob") })).toBe(401);
    expect(await heard({ host })).toBe(401);
  });

  test("is nobody else's: bob's password and none are refused, and alice's opens no port of bob's", async () => {
    expect(await status({ host: "3000--alice.test.localhost", credentials: as("bob") })).toBe(401);
    expect(await status({ host: "3000--alice.test.localhost", credentials: "alice:wrong" })).toBe(401);
    expect(await status({ host: "3000--alice.test.localhost" })).toBe(401);
    expect(await status({ host: "3000--bob.test.localhost", credentials: as("alice") })).toBe(401);
  });

  test("is the same program whichever case the host is in", async () => {
    const { body } = await told({ host: "3000--ALICE.Test.Localhost", credentials: as("alice") });
    expect(body).toContain(greeting);
  });

  test("where nothing listens the answer says so, at once", async () => {
    const asked = Date.now();
    const answer = await told({ host: "5999--alice.test.localhost", credentials: as("alice") });
    expect(answer).toMatchObject({ status: 500, body: expect.stringContaining("ECONNREFUSED") as unknown });
    expect(Date.now() - asked).toBeLessThan(5000);
  });
});

test.each<[string, number]>([
  ["80--alice.test.localhost", 404],
  ["22--alice.test.localhost", 404],
  ["1023--alice.test.localhost", 404],
  ["65536--alice.test.localhost", 404],
  ["03000--alice.test.localhost", 404],
  ["3000-alice.test.localhost", 404],
  ["3000--alice.test.localhost.", 404],
  ["3000--alice.test.localhost.evil.com", 404],
  ["3000--bob--alice.test.localhost", 404],
  ["3000--alice--bob.test.localhost", 404],
  ["x3000--alice.test.localhost", 404],
  ["3000--alice.testxlocalhost", 404],
  ["3000--nobody.test.localhost", 404],
  ["alice@3000--alice.test.localhost", 400],
  ["evil.com, 3000--alice.test.localhost", 400],
])("no route has the host %s, not even for alice", async (host, refused) => {
  expect(await status({ host, credentials: as("alice") })).toBe(refused);
  expect(await status({ host })).toBe(refused);
});

describe("with alice's password, what a request claims besides its Host", () => {
  test.each<[string, Omit<Question, "credentials">]>([
    [
      "an address in the request's first line",
      { host: "alice.test.localhost", path: "https://3000--bob.test.localhost/" },
    ],
    [
      "X-Forwarded-Host",
      { host: "3000--bob.test.localhost", headers: { "x-forwarded-host": "3000--alice.test.localhost" } },
    ],
  ])("%s does not lead to bob's", async (_, question) => {
    expect(await status({ ...question, credentials: as("alice") })).toBe(401);
  });

  test.each(["forwarded", "x-forwarded-host"])(
    "%s does not turn the editor's host into a port's",
    async (name) => {
      const claimed = name === "forwarded" ? "host=3000--alice.test.localhost" : "3000--alice.test.localhost";
      const question = { host: "alice.test.localhost", path: "/healthz", credentials: as("alice") };
      expect((await told({ ...question, headers: { [name]: claimed } })).body).toContain('"status"');
    },
  );
});
