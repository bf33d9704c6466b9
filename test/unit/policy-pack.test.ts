import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { z } from "zod";

import { parseConfig } from "../../infra/config";
import { policyArgs } from "../../local/pulumi/policy";
import { policyPage } from "../../policy/docs";
import { keptOf } from "../../policy/kept";
import { policies } from "../../policy/pack";
import { unknown } from "../../policy/place";
import { plain } from "../../policy/plain";
import { rules } from "../../policy/rules";
import { engineConfig, minimal } from "./mocks";

// What stands between the engine's values and a policy; the package keeps its types to itself.
const { UnknownValueError, unknownCheckingProxy, unknownStringValue } = jest.requireActual<{
  UnknownValueError: new () => Error;
  unknownCheckingProxy: (props: object) => object;
  unknownStringValue: string;
}>("@pulumi/policy/proxy");

test("docs/policy.md is what `tsx policy/write-docs.ts` writes", () => {
  expect(readFileSync(join(__dirname, "../../docs/policy.md"), "utf8")).toBe(policyPage(rules));
});

test("a value of the engine's that is not known becomes a mark, and what stands beside it is kept", () => {
  const given: unknown = unknownCheckingProxy({ a: { b: [1, unknownStringValue, { c: true }] }, d: null });
  expect(plain(given)).toEqual({ a: { b: [1, unknown, { c: true }] }, d: null });
});

test("another mistake while reading is not taken for a value that is not known", () => {
  const broken = Object.defineProperty({}, "a", {
    enumerable: true,
    get: () => {
      throw new Error("broken");
    },
  });
  expect(() => plain(broken)).toThrow("broken");
});

describe("the pack, asked as the engine asks it", () => {
  const policy = (name: string): ResourceValidationPolicy => {
    const found = policies(rules).find((each) => each.name === name);
    if (found === undefined || "validateStack" in found)
      throw new Error(`no such policy of a resource: ${name}`);
    return found;
  };
  const args = (type: string, props: object): ResourceValidationArgs => ({
    type,
    name: "x",
    urn: `urn:pulumi:s::p::${type}::x`,
    props: z.record(z.string(), z.unknown()).parse(unknownCheckingProxy(props)),
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
    },
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: () => z.custom<never>().parse({}),
    notApplicable: () => {
      throw new Error("not applicable");
    },
  });
  const judge = (name: string, given: ResourceValidationArgs) => {
    const said: string[] = [];
    const { validateResource } = policy(name);
    if (typeof validateResource !== "function") throw new Error(`${name} judges nothing`);
    let thrown: unknown;
    try {
      void validateResource(given, (message) => said.push(message));
    } catch (error) {
      thrown = error;
    }
    return { said, thrown };
  };

  test("a type that is not known is a violation, so that a mandatory rule stops the preview", () => {
    const { said, thrown } = judge(
      "service-door",
      args("kubernetes:core/v1:Service", { spec: { type: unknownStringValue } }),
    );
    expect(said).toEqual([expect.stringMatching(/^x \(Service\), spec\.type is not known before `up`/)]);
    expect(thrown).toBeUndefined();
  });

  test("where a rule waits, what is known is judged and the engine is left to say what is not", () => {
    const data = { late: unknownStringValue, open: "-----BEGIN PRIVATE KEY-----" };
    const { said, thrown } = judge("plain-secret", args("kubernetes:core/v1:ConfigMap", { data }));
    expect(said).toEqual([expect.stringMatching(/^x \(ConfigMap\), data\.open holds a private key/)]);
    expect(thrown).toBeInstanceOf(UnknownValueError);
  });

  test("a mended object differs in what was missing alone", () => {
    const props = { metadata: { name: "x", labels: { "app.kubernetes.io/name": "y" } }, data: { a: "b" } };
    const given = args("kubernetes:core/v1:ConfigMap", props);
    const result = policy("labels").remediateResource?.(given);
    expect(plain(result)).toEqual({
      ...props,
      metadata: {
        name: "x",
        labels: {
          "app.kubernetes.io/name": "y",
          "app.kubernetes.io/part-of": "vibecode",
          "app.kubernetes.io/managed-by": "pulumi",
        },
      },
    });
  });

  test("labels are made where an object has no metadata at all", () => {
    const result = policy("labels").remediateResource?.(args("kubernetes:core/v1:ConfigMap", {}));
    expect(plain(result)).toMatchObject({
      metadata: { labels: { "app.kubernetes.io/part-of": "vibecode" } },
    });
  });

  test("an object that needs no mending is not handed back", () => {
    expect(policy("labels").remediateResource?.(args("random:index/randomId:RandomId", {}))).toBeUndefined();
  });
});

const urn = (type: string, name: string) => `urn:pulumi:local::vibecode::a$${type}::${name}`;
const pvc = "kubernetes:core/v1:PersistentVolumeClaim";
const resources = [
  { urn: urn("pulumi:pulumi:Stack", "s"), type: "pulumi:pulumi:Stack" },
  {
    urn: urn(pvc, "alice-home"),
    type: pvc,
    retainOnDelete: true,
    inputs: {
      metadata: { name: "home", namespace: "ws-alice" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
  },
  { urn: urn(pvc, "old"), type: pvc, delete: true, inputs: { metadata: { name: "old" } } },
  {
    urn: urn("kubernetes:core/v1:Namespace", "n"),
    type: "kubernetes:core/v1:Namespace",
    inputs: { metadata: { name: "ws-alice" } },
  },
];
const kept = {
  [urn(pvc, "alice-home")]: {
    name: "alice-home",
    kind: "PersistentVolumeClaim",
    object: "home",
    namespace: "ws-alice",
    retained: true,
    spec: { accessModes: ["ReadWriteOnce"] },
  },
  [urn("kubernetes:core/v1:Namespace", "n")]: {
    name: "n",
    kind: "Namespace",
    object: "ws-alice",
    retained: false,
    spec: {},
  },
};

test("of a state its volumes and namespaces are kept, less what is already on its way out", () => {
  expect(keptOf(resources)).toEqual(kept);
});

describe("a run with the pack", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vibecode-policy-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const config = parseConfig(
    engineConfig({
      ...minimal,
      users: ["alice", { name: "bob", size: "team" }],
      workspace: {
        sizes: {
          team: {
            requests: { cpu: "1", memory: "1Gi" },
            limits: { cpu: "2", memory: "2Gi" },
            quota: { cpu: "6", memory: "12Gi", pods: 5 },
          },
        },
      },
    }),
  );
  const written = (args: string[]): unknown => JSON.parse(readFileSync(args.at(-1) ?? "", "utf8"));

  test.each([
    ["the backend's file", { version: 3, checkpoint: { latest: { resources } } }],
    ["an export", { version: 3, deployment: { resources } }],
  ])("tells the rules each user's size, and what is kept, of %s", (_, state) => {
    const args = policyArgs({ stack: "without-settings", config, state: JSON.stringify(state), folder });
    expect(args.slice(0, 3)).toEqual([
      "--policy-pack",
      join(__dirname, "../../policy"),
      "--policy-pack-config",
    ]);
    expect(written(args)).toEqual({
      "data-protected": { retained: true },
      quota: {
        users: { alice: { cpu: "2", memory: "4Gi", pods: 1 }, bob: { cpu: "6", memory: "12Gi", pods: 5 } },
      },
      "volume-replaced": { kept },
      "volume-deleted": { kept },
    });
    expect(statSync(args.at(-1) ?? "").mode & 0o777).toBe(0o600);
  });

  test("takes the stack's own settings, and knows no volume before the first `up`", () => {
    const args = policyArgs({ stack: "production", config, folder });
    expect(written(args)).toMatchObject({
      "image-pinned": { digest: true },
      "data-protected": { required: true, retained: true },
      "volume-deleted": { kept: {} },
    });
  });

  test("of several clusters, each has the door and the page to sign in at that one has", () => {
    const { cluster: context, ...common } = minimal;
    const several = parseConfig(
      engineConfig({
        ...common,
        clusters: {
          eu: { first: true, cluster: context },
          us: { domain: "us.localhost", cluster: { context: "america" } },
        },
      }),
    );
    expect(written(policyArgs({ stack: "local", config: several, folder }))).toMatchObject({
      "service-door": { doors: ["ingress-service", "us-ingress-service"] },
      "ingress-guard": { public: ["ingress-sign-in-route", "us-ingress-sign-in-route"] },
    });
  });

  test.each([true, false])(
    "of several clusters, `storage.retain: %s` of each counts, and not the stack's own",
    (retain) => {
      const { cluster: context, ...common } = minimal;
      const several = parseConfig(
        engineConfig({
          ...common,
          storage: { retain: !retain },
          clusters: {
            eu: { first: true, cluster: context, storage: { retain } },
            us: { domain: "us.localhost", cluster: { context: "america" }, storage: { retain } },
          },
        }),
      );
      expect(written(policyArgs({ stack: "production", config: several, folder }))).toMatchObject({
        "data-protected": { required: true, retained: retain },
      });
    },
  );

  test("a stack whose state is empty keeps nothing", () => {
    const args = policyArgs({
      stack: "local",
      config,
      state: '{"version":3,"checkpoint":{"latest":null}}',
      folder,
    });
    expect(written(args)).toMatchObject({ "volume-deleted": { kept: {} } });
  });
});
