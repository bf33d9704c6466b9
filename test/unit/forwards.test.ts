import { parse } from "yaml";
import { z } from "zod";

import { dynamicFile } from "../../components/ingress/dynamic-file";
import { forwardedHosts, forwards } from "../../components/ingress/forwards";
import { at, find, minimal, runProgram, type Run } from "./mocks";

const domain = "dev.example.com";
const matches = (host: string, user = "alice") => new RegExp(forwardedHosts(`${user}.${domain}`)).test(host);

describe("the pattern of a user's forwarded ports", () => {
  test("takes every port from 1024 to 65535 and no other number", () => {
    const taken = Array.from({ length: 120_000 }, (_, port) => port).filter((port) =>
      matches(`${port}--alice.${domain}`),
    );
    expect(taken).toHaveLength(65_535 - 1024 + 1);
    expect([taken[0], taken.at(-1)]).toEqual([1024, 65_535]);
  });

  test.each([
    "alice",
    "--alice",
    "03000--alice",
    "003000--alice",
    "+3000--alice",
    "3000.0--alice",
    "0xbb8--alice",
    "٣٠٠٠--alice",
    "3000-alice",
    "3000---alice",
    "3000.alice",
    "x3000--alice",
    "x.3000--alice",
    "3000--alic",
    "3000--alicex",
    "3000--xalice",
    "3000--bob",
    "3000--bob--alice",
    "3000--alice--bob",
    "3000--4000--alice",
    "1024|3000--alice",
  ])("does not take %s below the domain", (label) => {
    expect(matches(`${label}.${domain}`)).toBe(false);
  });

  test.each([
    `3000--alice.${domain}.`,
    `3000--alice.${domain}.evil.com`,
    `3000--alice.${domain}:443`,
    `3000--alice.${domain}/`,
    `3000--alice.${domain}\n`,
    `me@3000--alice.${domain}`,
    "3000--alice.devxexample.com",
    "3000--alice.dev.examplexcom",
    "3000--alicexdev.example.com",
    "3000--alice.example.com",
    "3000--alice",
  ])("does not take %j", (host) => {
    expect(matches(host)).toBe(false);
  });

  test("knows users with dashes and digits from one another", () => {
    for (const user of ["a", "a-b", "a-b-c", "b2"]) {
      const taking = ["a", "a-b", "a-b-c", "b2"].filter((other) => matches(`3000--${user}.${domain}`, other));
      expect(taking).toEqual([user]);
    }
  });
});

test("a route leads to its user's editor, through the middlewares it was given, in their order", () => {
  const alice = {
    user: "alice",
    host: "alice.dev.localhost",
    service: "http://editor.ws-alice.svc.cluster.local:8080",
    middlewares: ["sign-in-alice@file", "stopped@file"],
  };
  const { routers, services } = forwards([alice]);
  expect(Object.keys(routers)).toEqual(["ports-alice"]);
  expect(routers["ports-alice"]).toEqual({
    entryPoints: ["websecure"],
    rule: `HostRegexp(\`${forwardedHosts("alice.dev.localhost")}\`) && !Host(\`alice.dev.localhost\`)`,
    middlewares: ["sign-in-alice@file", "stopped@file"],
    service: "ports-alice",
    tls: {},
  });
  expect(services).toEqual({
    "ports-alice": { loadBalancer: { servers: [{ url: "http://editor.ws-alice.svc.cluster.local:8080" }] } },
  });
});

describe("a file for Traefik", () => {
  test("has no empty map, for which Traefik would refuse all files", () => {
    expect(dynamicFile({ http: { middlewares: {}, ...forwards([]) } })).toBe("{}\n");
    const one = { http: { middlewares: { retry: { retry: { attempts: 2 } } }, ...forwards([]) } };
    expect(parse(dynamicFile(one))).toEqual({ http: { middlewares: { retry: { retry: { attempts: 2 } } } } });
  });

  test("is no Go template, whatever a value holds", () => {
    const text = dynamicFile({ http: { middlewares: { a: { basicAuth: { realm: '{{ env "HOME" }}' } } } } });
    expect(text).toContain('{{"{{"}} env');
    expect(text.replaceAll('{{"{{"}}', "")).not.toContain("{{");
  });
});

describe("in the program", () => {
  let run: Run;
  beforeAll(async () => {
    run = await runProgram(minimal);
  });
  const http = (of: Run): unknown =>
    at(parse(String(at(find(of, "Secret", "ingress-sign-in").inputs, "stringData", "sign-in.yaml"))), "http");

  test("a user's ports ask for the same sign-in as the user's editor", () => {
    for (const user of ["alice", "bob"]) {
      const asked = z.array(z.string()).parse(at(http(run), "routers", `ports-${user}`, "middlewares"));
      expect(asked.length).toBeGreaterThan(0);
      const editor = find(run, "Ingress", `${user}-route`).inputs;
      expect(asked.join(",")).toBe(
        at(editor, "metadata", "annotations", "traefik.ingress.kubernetes.io/router.middlewares"),
      );
    }
  });

  test("a user's ports lead to the user's own namespace", () => {
    for (const user of ["alice", "bob"]) {
      expect(at(http(run), "services", `ports-${user}`, "loadBalancer", "servers")).toEqual([
        { url: `http://editor.ws-${user}.svc.cluster.local:8080` },
      ]);
    }
  });

  test("a stack without users gives Traefik a file that it can read", async () => {
    const empty = await runProgram({ ...minimal, users: [] });
    expect(at(find(empty, "Secret", "ingress-sign-in").inputs, "stringData", "sign-in.yaml")).toBe("{}\n");
  });
});
