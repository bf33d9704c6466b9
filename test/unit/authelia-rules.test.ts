import * as fc from "fast-check";

import { accessControl, type AccessArgs, type Rule } from "../../components/auth/authelia/rules";
import { decide, type Subject } from "./authelia-evaluator";
import { reservedNames, userName } from "../../infra/values";

const domain = "dev.example.com";
const inside = "10.1.2.3";
const outside = "203.0.113.9";

const usual: AccessArgs = {
  domain,
  users: ["alice", "bob"],
  adminHosts: ["grafana"],
  workspaceGroups: ["admins", "developers", "users"],
  internalNetworks: [],
  rules: [],
};

const someRule: Rule = { hosts: "workspaces", paths: [], groups: [], networks: [], policy: "two_factor" };

const alice: Subject = { name: "alice", groups: ["users"], address: outside };
const root: Subject = { name: "root", groups: ["admins", "users"], address: outside };
const guest: Subject = { name: "alice", groups: ["guests"], address: outside };
const stranger: Subject = { name: "", groups: [], address: outside };

const ask = (args: Partial<AccessArgs>, subject: Subject, host: string, path = "/") =>
  decide(accessControl({ ...usual, ...args }), subject, { host, path });

describe("without rules of the stack's own", () => {
  test.each([
    ["alice.dev.example.com", alice, "two_factor"],
    ["1024--alice.dev.example.com", alice, "two_factor"],
    ["3000--alice.dev.example.com", alice, "two_factor"],
    ["65535--alice.dev.example.com", alice, "two_factor"],
    ["bob.dev.example.com", alice, "deny"],
    ["3000--bob.dev.example.com", alice, "deny"],
    ["alice.bob.dev.example.com", alice, "deny"],
    ["bob.alice.dev.example.com", alice, "deny"],
    ["alice--bob.dev.example.com", alice, "deny"],
    ["x--alice.dev.example.com", alice, "deny"],
    ["300--alice.dev.example.com", alice, "deny"],
    ["3000--3000--alice.dev.example.com", alice, "deny"],
    ["alice.dev.example.com.", alice, "deny"],
    ["alice.dev.example.com.evil.test", alice, "deny"],
    ["alicexdev.example.com", alice, "deny"],
    ["evil-alice.dev.example.com", alice, "deny"],
    ["ALICE.dev.example.com", alice, "deny"],
    ["dev.example.com", alice, "deny"],
    ["grafana.dev.example.com", alice, "deny"],
    ["grafana.dev.example.com", root, "two_factor"],
    // Whoever looks after the platform has no business in people's editors.
    ["alice.dev.example.com", root, "deny"],
    ["auth.dev.example.com", root, "deny"],
    ["alice.dev.example.com", guest, "deny"],
    // Not a way in: it is the page to sign in at.
    ["alice.dev.example.com", stranger, "two_factor"],
    ["elsewhere.example.com", stranger, "deny"],
  ] as const)("%s is for %j: %s", (host, subject, policy) => {
    expect(ask({}, subject, host)).toBe(policy);
  });
});

test("no users, no rule for workspaces; and the order of users changes nothing", () => {
  const rules: Rule[] = [someRule, { ...someRule, hosts: ["docs"] }];
  const none = accessControl({ ...usual, users: [], internalNetworks: ["10.0.0.0/8"], rules });
  expect(none.rules.map(({ domain }) => domain)).toEqual([
    ["docs.dev.example.com"],
    ["grafana.dev.example.com"],
  ]);
  expect(accessControl({ ...usual, users: ["bob", "alice"] })).toEqual(accessControl(usual));
});

describe("a stack's own rules", () => {
  test("one factor is enough from internal networks, for one's own workspace alone", () => {
    const args = { internalNetworks: ["10.0.0.0/8"] };
    const within = { ...alice, address: inside };
    expect(ask(args, within, "alice.dev.example.com")).toBe("one_factor");
    expect(ask(args, alice, "alice.dev.example.com")).toBe("two_factor");
    expect(ask(args, within, "bob.dev.example.com")).toBe("deny");
    expect(ask(args, { ...root, address: inside }, "grafana.dev.example.com")).toBe("two_factor");
  });

  test.each([
    ["/api", "one_factor"],
    ["/api/", "one_factor"],
    ["/api/v1?x=1", "one_factor"],
    ["/api?x=/", "one_factor"],
    ["/api/\nv1", "one_factor"],
    ["/%61pi", "one_factor"],
    ["//api", "one_factor"],
    ["/x/../api", "one_factor"],
    ["/api/../x", "two_factor"],
    ["/x?y=/../api", "two_factor"],
    ["/apis", "two_factor"],
    ["/v1/api", "two_factor"],
    ["/", "two_factor"],
  ])("a rule for /api is for %j: %s", (path, policy) => {
    const rules: Rule[] = [{ ...someRule, paths: ["/api"], policy: "one_factor" }];
    expect(ask({ rules }, alice, "alice.dev.example.com", path)).toBe(policy);
    expect(ask({ rules }, alice, "bob.dev.example.com", path)).toBe("deny");
  });

  test("a rule gives guests a host, and no workspace", () => {
    const rules: Rule[] = [{ ...someRule, hosts: ["docs"], groups: ["guests"], policy: "one_factor" }];
    expect(ask({ rules }, guest, "docs.dev.example.com")).toBe("one_factor");
    expect(ask({ rules }, alice, "docs.dev.example.com")).toBe("deny");
    expect(ask({ rules }, guest, "alice.dev.example.com")).toBe("deny");
  });

  test("the first that matches decides", () => {
    const rules: Rule[] = [
      { ...someRule, paths: ["/api"], policy: "deny" },
      { ...someRule, policy: "one_factor" },
    ];
    expect(ask({ rules }, alice, "alice.dev.example.com", "/api/x")).toBe("deny");
    expect(ask({ rules }, alice, "alice.dev.example.com", "/")).toBe("one_factor");
  });

  test.each([
    [{ hosts: ["alice"] }, /user's own host/],
    [{ hosts: ["*"] }, /no label/],
    [{ hosts: ["{user}"] }, /no label/],
    [{ hosts: ["a.b"] }, /no label/],
    [{ hosts: ["3000--alice"] }, /forwarded port/],
    [{ policy: "bypass" }, /never open/],
    [{ hosts: ["docs"], groups: ["admins"], policy: "bypass" }, /cannot ask for a group/],
  ] as const)("%j is refused", (part, message) => {
    expect(() => accessControl({ ...usual, rules: [{ ...someRule, ...part }] })).toThrow(message);
  });
});

const label = fc.stringMatching(/^[a-z](-?[a-z0-9]){0,6}$/);
const user = fc
  .oneof(label, fc.constantFrom("a", "ab", "bob", "bob-alice", "alice-bob", "dev", "com", "users", "admins"))
  .filter((name) => userName.safeParse(name).success);
const group = fc.constantFrom("admins", "users", "developers", "guests", "team");
const network = fc.constantFrom("0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32");
const path = fc.constantFrom("/", "/api", "/api/v1", "/a.b(c)");
const free = reservedNames.filter((name) => name !== "auth");
const platformHosts = fc.uniqueArray(fc.constantFrom(...free), { minLength: 1, maxLength: 3 });
const rule: fc.Arbitrary<Rule> = fc.record({
  hosts: fc.oneof(fc.constant("workspaces" as const), platformHosts),
  paths: fc.uniqueArray(path, { maxLength: 2 }),
  groups: fc.uniqueArray(group, { maxLength: 2 }),
  networks: fc.uniqueArray(network, { maxLength: 2 }),
  policy: fc.constantFrom("bypass", "one_factor", "two_factor", "deny"),
});
/** Whatever a stack's config may say. */
const accessArgs: fc.Arbitrary<AccessArgs> = fc.record({
  domain: fc.constantFrom("dev.example.com", "a.b", "dev-1.localhost", "alice.bob.test"),
  users: fc.uniqueArray(user, { minLength: 2, maxLength: 6 }),
  adminHosts: platformHosts,
  workspaceGroups: fc.uniqueArray(group, { minLength: 1, maxLength: 3 }),
  internalNetworks: fc.uniqueArray(network, { maxLength: 2 }),
  rules: fc.array(
    rule.filter(
      ({ hosts, policy, groups }) => policy !== "bypass" || (hosts !== "workspaces" && groups.length === 0),
    ),
    { maxLength: 5 },
  ),
});
const request = fc.record({
  port: fc.option(fc.integer({ min: 1024, max: 65535 })),
  path: fc.constantFrom("/", "/api", "/api/v1?q=1", "/a.b(c)", "/x"),
  address: fc.constantFrom(inside, outside),
  groups: fc.uniqueArray(group, { maxLength: 5 }),
});

test("for any users and rules, no user ever reaches another's host or port", () => {
  fc.assert(
    fc.property(accessArgs, request, (args, { port, path, address, groups }) => {
      const rules = accessControl(args);
      for (const owner of args.users) {
        const host = `${port === null ? "" : `${port}--`}${owner}.${args.domain}`;
        for (const name of args.users.filter((other) => other !== owner)) {
          expect(decide(rules, { name, groups, address }, { host, path })).toBe("deny");
        }
        // Who did not sign in is asked to, or sent away.
        expect(decide(rules, { name: "", groups: [], address }, { host, path })).not.toBe("bypass");
      }
    }),
    { numRuns: 500 },
  );
});

test("for any users, everybody reaches their own host and ports with two factors", () => {
  fc.assert(
    fc.property(accessArgs, request, (args, { port, path, address }) => {
      const rules = accessControl({ ...args, rules: [], internalNetworks: [] });
      for (const name of args.users) {
        const host = `${port === null ? "" : `${port}--`}${name}.${args.domain}`;
        const subject = { name, groups: args.workspaceGroups, address };
        expect(decide(rules, subject, { host, path })).toBe("two_factor");
      }
    }),
    { numRuns: 200 },
  );
});

test("a directory's account that is no user of the stack has no host, and none of the platform's by its name", () => {
  const subjects = fc.oneof(user, fc.constantFrom(...reservedNames));
  fc.assert(
    fc.property(accessArgs, subjects, request, (args, name, { port, path, address }) => {
      fc.pre(!args.users.includes(name));
      const groups = args.workspaceGroups.filter((group) => group !== "admins");
      const own = args.rules.filter(({ hosts }) => hosts === "workspaces");
      for (const users of [args.users, []]) {
        const rules = accessControl({ ...args, users, rules: own });
        const host = `${port === null ? "" : `${port}--`}${name}.${args.domain}`;
        expect(decide(rules, { name, groups, address }, { host, path })).toBe("deny");
      }
    }),
    { numRuns: 300 },
  );
});
