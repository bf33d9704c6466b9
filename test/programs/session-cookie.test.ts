import * as fs from "node:fs";
import type { RequestListener } from "node:http";
import * as http2 from "node:http2";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import fc from "fast-check";

import { cookieName as authelia } from "../../components/auth/authelia/configuration";
import { forwardAuth } from "../../components/auth/forward-auth";
import { cookieName as oauth2Proxy } from "../../components/auth/oauth2-proxy/flags";
import { sessionCookie } from "../../components/ingress";
import { dynamicConfig } from "../../components/ingress/traefik";
import { backend, exchange, type Backend } from "../ingress/backend";
import { traefik, type Traefik, type TraefikArgs } from "../ingress/traefik";
import { freePort } from "../sign-in/process";

jest.setTimeout(60_000);

const session = `${authelia}=s3cret`;
const root = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-cookie-"));
const ok: RequestListener = (_, response) => response.end("ok");

let signIn: Backend;
let workspace: Backend;
let door: Traefik;
/** What the workspace answers; each test may say. */
let answer: RequestListener = ok;

const common = dynamicConfig({ average: 100_000, burst: 100_000 }, [authelia, oauth2Proxy]).http.middlewares;
/** Traefik as the platform has it before a workspace: sign-in judges, then the cookie is taken away. */
const open = (more: Partial<TraefikArgs> = {}) =>
  traefik({
    folder: fs.mkdtempSync(path.join(root, "traefik-")),
    middlewares: { ...common, "sign-in": forwardAuth(`http://127.0.0.1:${signIn.port}/`, []) },
    entry: ["headers", "retry"],
    guard: ["sign-in@file", sessionCookie],
    backend: workspace.port,
    ...more,
  });
const ask = (lines: readonly string[] = [], path = "/") =>
  exchange(door.web, [`GET ${path} HTTP/1.1`, "Host: alice.dev.example.com", "Connection: close", ...lines]);
const signedIn = `Cookie: ${session}`;

beforeAll(async () => {
  signIn = await backend({
    answer: (request, response) => {
      response.statusCode = request.headers.cookie?.includes(session) === true ? 200 : 401;
      response.end();
    },
  });
  workspace = await backend({
    answer: (request, response) => {
      answer(request, response);
    },
    upgrade: (socket) => {
      socket.write(
        [
          "HTTP/1.1 101 Switching Protocols",
          "Connection: Upgrade",
          "Upgrade: websocket",
          `Set-Cookie: ${authelia}=; Max-Age=0`,
          "Set-Cookie: a=1",
          "",
          "hello",
        ].join("\r\n"),
      );
      socket.on("data", (data: Buffer) => socket.end(`heard ${data.toString()}`));
    },
  });
  door = await open();
}, 1_800_000);
beforeEach(() => {
  answer = ok;
  workspace.cookies.length = 0;
});
afterAll(async () => {
  await door.stop();
  await workspace.close();
  await signIn.close();
  fs.rmSync(root, { recursive: true, force: true });
});

describe("of what a browser sends, a workspace sees", () => {
  const other = authelia.toUpperCase();
  test.each<[string, string[], string[]]>([
    ["no session between others", [`a=1; ${session}; b=2`], ["a=1; b=2"]],
    ["no session before others", [`${session}; a=1`], ["a=1"]],
    ["no session after others", [`a=1; ${session}`], ["a=1"]],
    ["no header where nothing else was in it", [session], []],
    ["none of several sessions", [`${session}; a=1; ${session}; ${authelia}=2`], ["a=1"]],
    ["no session that no space divides", [`a=1;${session};b=2`], ["a=1;b=2"]],
    ["no session with spaces", [`a=1; \t${authelia}\t = 1 ; ${session} ; b=2`], ["a=1; b=2"]],
    ["no session between quotes", [`a="1; ${session}; b=2"`], ['a="1; b=2"']],
    ["no session with quotes", [`${authelia}="1"; ${session}; a="2"`], ['a="2"']],
    ["no session with equals signs", [`${session}==; a=b=c`], ["a=b=c"]],
    ["names in other case", [`${other}=1; ${session}`], [`${other}=1`]],
    [
      "longer names",
      [`x${authelia}=1; ${authelia}s=2; ${authelia}-0=3; ${session}`],
      [`x${authelia}=1; ${authelia}s=2; ${authelia}-0=3`],
    ],
    [
      "values that hold the name",
      [`a=${authelia}=1; ${session}; b=${session}`],
      [`a=${authelia}=1; b=${session}`],
    ],
    ["none of the other kind's", [`${oauth2Proxy}=1; a=1; ${session}`], ["a=1"]],
    [
      "no part of a long one",
      [`${oauth2Proxy}_0=1; ${oauth2Proxy}_1=2; ${oauth2Proxy}_csrf=3; a=1; ${session}`],
      ["a=1"],
    ],
    [
      "the bytes of all others",
      [`a=\xff\x80\xe9; ;; b ;${session};c="; =x`],
      ['a=\xff\x80\xe9; ;; b ;c="; =x'],
    ],
    ["each header by itself", ["a=1", session, `b=2; ${session}; c=3`], ["a=1", "b=2; c=3"]],
  ])("%s", async (_, sent, seen) => {
    expect(await ask(sent.map((line) => `Cookie: ${line}`))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(workspace.cookies).toEqual([seen]);
  });

  test("its own cookies, wherever the session stands among them", async () => {
    const token = fc.stringMatching(/^[!#-'*+.0-9A-Z^-z|~-]{1,12}$/);
    const foreign = fc
      .tuple(token, fc.stringMatching(/^[!#-+\--:<-[\]-~]{0,12}$/))
      .filter(([name]) => ![authelia, oauth2Proxy].some((own) => name === own || name.startsWith(`${own}_`)))
      .map((pair) => pair.join("="));
    await fc.assert(
      fc.asyncProperty(fc.array(foreign, { minLength: 1, maxLength: 6 }), fc.nat(6), async (others, at) => {
        workspace.cookies.length = 0;
        await ask([`Cookie: ${others.toSpliced(at, 0, session).join("; ")}`]);
        expect(workspace.cookies).toEqual([[others.join("; ")]]);
      }),
      { numRuns: 50 },
    );
  });

  test("no session of a request by HTTP/2, which has a header a cookie", async () => {
    const client = http2.connect(`https://127.0.0.1:${door.websecure}`, { rejectUnauthorized: false });
    const asked = client.request({ ":path": "/", cookie: ["a=1", session, "b=2"] });
    const status = await new Promise((resolve, reject) => {
      asked.on("error", reject).on("response", (headers) => {
        resolve(headers[":status"]);
      });
    });
    client.destroy();
    expect(status).toBe(200);
    expect(workspace.cookies).toEqual([["a=1; b=2"]]);
  });

  test("nothing at all of who has no session", async () => {
    expect(await ask(["Cookie: a=1"])).toMatch(/^HTTP\/1\.1 401 /);
    expect(workspace.cookies).toEqual([]);
  });
});

test("sign-in itself judges by the cookies as they were sent", async () => {
  signIn.cookies.length = 0;
  await ask([`Cookie: a=1; ${session}; b=2`]);
  expect(signIn.cookies).toEqual([[`a=1; ${session}; b=2`]]);
});

describe("of what a workspace answers, a browser gets", () => {
  const lines = (told: string, header: string) =>
    (told.split("\r\n\r\n")[0] ?? "")
      .split("\r\n")
      .flatMap((line) =>
        line.toLowerCase().startsWith(`${header}: `) ? [line.slice(header.length + 2)] : [],
      );
  const given = async (header: string, values: string[]) => {
    answer = (_, response) =>
      response.writeHead(200, [...values.flatMap((value) => [header, value])]).end("ok");
    const told = await ask([signedIn]);
    expect(told).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    return lines(told, header.toLowerCase());
  };

  test.each([
    `${authelia}=x`,
    `${authelia}=; Domain=dev.example.com; Path=/; Max-Age=0`,
    `${oauth2Proxy}=x; Domain=.dev.example.com; Secure`,
    `${oauth2Proxy}_1=x`,
    `${oauth2Proxy}_csrf=x`,
    ` \t${authelia}\t =x`,
    // Cookies without a name, which browsers send back as if they had one.
    `=${session}; Domain=dev.example.com`,
    ` = ${session}`,
    authelia,
    `${authelia}; Domain=dev.example.com`,
  ])("no %j", async (value) => {
    expect(await given("Set-Cookie", ["a=1; Path=/", value, "b=2"])).toEqual(["a=1; Path=/", "b=2"]);
    expect(await given("Set-Cookie", [value])).toEqual([]);
  });

  test("every other cookie, byte for byte", async () => {
    const others = [
      `x${authelia}=1`,
      `${authelia}s=1; Max-Age=0`,
      `${authelia.toUpperCase()}=1`,
      `a=${session}; Domain=alice.dev.example.com`,
      `a="\xff; ${session}"`,
      "=1",
    ];
    expect(await given("Set-Cookie", others)).toEqual(others);
  });

  test("no word to forget the cookies of the whole domain", async () => {
    expect(await given("Clear-Site-Data", ['"cache", "cookies"', '"*"', '"cache", "storage"'])).toEqual([
      '"cache", "storage"',
    ]);
  });

  test("nothing of it ahead of the answer either", async () => {
    answer = (_, response) => {
      response.writeEarlyHints({ link: "</a.css>; rel=preload", "set-cookie": `${authelia}=x` }, () => {
        response.writeHead(200, { "set-cookie": [`${authelia}=x`, "a=1"] }).end("ok");
      });
    };
    const told = await ask([signedIn]);
    expect(told).toMatch(/^HTTP\/1\.1 103 /);
    expect(told).toContain("Set-Cookie: a=1\r\n");
    expect(told).not.toContain(authelia);
  });

  test("each part of a stream when it is there, and its headers before the first", async () => {
    let stream = new PassThrough();
    answer = (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      stream = new PassThrough();
      stream.pipe(response);
    };
    const socket = net.connect(door.web, "127.0.0.1").setEncoding("latin1");
    socket.write(`GET / HTTP/1.1\r\nHost: alice\r\nConnection: close\r\n${signedIn}\r\n\r\n`);
    let told = "";
    for await (const part of socket) {
      // What comes next is sent only when all before it was seen.
      if (told === "") stream.write("data: first\n\n");
      told += String(part);
      if (told.includes("first")) stream.end("data: last\n\n");
    }
    expect(told).toContain("text/event-stream");
    expect(told).toContain("last");
  });

  test("an answer of known length with that length, and a broken one broken", async () => {
    answer = (_, response) => response.writeHead(200, { "content-length": 5 }).end("whole");
    expect(await ask([signedIn])).toMatch(/\r\ncontent-length: 5\r\n(.|\r\n)*\r\n\r\nwhole$/i);
    answer = (_, response) => {
      response.writeHead(200).write("half", () => response.destroy());
    };
    const broken = await ask([signedIn]);
    expect(broken).toContain("half");
    // The last chunk of a whole answer is empty.
    expect(broken).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  test("large answers whole", async () => {
    const large = "x".repeat(3_000_000);
    answer = (_, response) => response.writeHead(200, { "content-length": large.length }).end(large);
    expect((await ask([signedIn])).endsWith(`\r\n\r\n${large}`)).toBe(true);
  });

  test("a WebSocket, whose answer sets no session, and whose request had none", async () => {
    const socket = net.connect(door.web, "127.0.0.1").setEncoding("latin1");
    socket.write(
      [
        "GET /socket HTTP/1.1",
        "Host: alice",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        `Cookie: a=1; ${session}`,
        "",
        "",
      ].join("\r\n"),
    );
    let told = "";
    for await (const part of socket) {
      told += String(part);
      if (told.endsWith("hello")) socket.write("me");
    }
    expect(told).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(told).toMatch(/hello.*heard me$/);
    expect(lines(told, "set-cookie")).toEqual(["a=1"]);
    expect(workspace.cookies).toEqual([["a=1"]]);
  });
});

test("a workspace that is away for a moment is asked again, and sign-in judges by the cookie again", async () => {
  const port = await freePort();
  const retrying = await open({ backend: port });
  let later: Backend | undefined;
  try {
    const told = exchange(retrying.web, ["GET / HTTP/1.1", "Host: alice", "Connection: close", signedIn]);
    await sleep(1_000);
    later = await backend({
      port,
      answer: (_, response) => response.writeHead(201, { a: "1" }).end("later"),
    });
    expect(await told).toMatch(/^HTTP\/1\.1 201 Created\r\nA: 1\r\n(.+\r\n)+\r\n5\r\nlater\r\n/);
    expect(later.cookies).toEqual([[]]);
  } finally {
    await retrying.stop();
    await later?.close();
  }
});

describe("a route is closed, not open, where the plugin", () => {
  const name = "session-cookie";
  const manifest = "vibecode/session/.traefik.yml";
  const source = "vibecode/session/session.go";
  const names = (list: string[]) => ({ middlewares: { [name]: { plugin: { session: { names: list } } } } });
  test.each<[string, Partial<TraefikArgs>]>([
    ["has no source that could be read", { sources: { [source]: "package session\n\nfunc New(" } }],
    ["has another's manifest", { sources: { [manifest]: "type: middleware\nimport: vibecode/other\n" } }],
    ["was told no name", names([])],
    ["was told an empty name", names([""])],
    ["is no middleware's", { middlewares: { [name]: { plugin: { other: {} } } } }],
    ["stands before the route under a name that nobody defined", { guard: ["sign-in@file", "other@file"] }],
  ])("%s", async (_, broken) => {
    const middlewares = {
      ...common,
      "sign-in": forwardAuth(`http://127.0.0.1:${signIn.port}/`, []),
      ...broken.middlewares,
    };
    const closed = await open({ ...broken, middlewares });
    try {
      for (const cookie of [signedIn, "Cookie: a=1"]) {
        const told = await exchange(closed.web, [
          "GET / HTTP/1.1",
          "Host: alice",
          "Connection: close",
          cookie,
        ]);
        expect(told).toMatch(/^HTTP\/1\.1 404 /);
      }
      expect(workspace.cookies).toEqual([]);
    } finally {
      await closed.stop();
    }
  });
});
