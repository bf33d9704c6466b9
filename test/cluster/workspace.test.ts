import { spawnSync } from "node:child_process";

import { toolPath } from "../../local/toolchain";
import { deploy, empty } from "../platform/deploy";
import { inWorkspace, kubeconfig, kubectl } from "../platform/kubectl";

/** What a command prints in a user's workspace, or how it failed. */
function attempt(user: string, command: string): string {
  return inWorkspace(user, `{ ${command}; } 2>&1; true`).trim();
}

const api =
  'curl -sS -m 5 --cacert $sa/ca.crt -H "Authorization: Bearer $(cat $sa/token)" https://kubernetes.default.svc';
/** The status code that the API server answers to alice's, bob's or dave's own token. */
const asked = (user: string, path: string, options = "") =>
  attempt(
    user,
    `sa=/var/run/secrets/kubernetes.io/serviceaccount; ${api}${path} -o /dev/null -w '%{http_code}' ${options}`,
  );

/** What kubectl prints, also where it ends with 1, as `can-i` does for a no. */
function answer(...words: string[]): string {
  const ran = spawnSync(toolPath("kubectl"), ["--kubeconfig", kubeconfig(), ...words], { encoding: "utf8" });
  return ran.stdout.trim();
}

let keys: Record<string, string>;

beforeAll(async () => {
  // A home is seeded once, and another test may have.
  await empty();
  const platform = await deploy({
    users: [
      {
        name: "alice",
        fullName: "Alice Ärmel",
        email: "alice@example.com",
        sshKey: true,
        kubernetesAccess: "edit",
      },
      { name: "bob", kubernetesAccess: "view" },
      "carol",
    ],
    extra: {
      "vibecode:claude": {
        model: "opus",
        permissions: { deny: ["WebFetch"] },
        baseUrl: "http://203.0.113.7",
      },
    },
    secrets: { "secretEnv.alice.TOKEN": "open sesame", claudeToken: "123456" },
  });
  keys = platform.sshKeys;
}, 600_000);

test("git signs with the person's name and address, or with the login and the domain", () => {
  expect(attempt("alice", "git config user.name; git config user.email")).toBe(
    "Alice Ärmel\nalice@example.com",
  );
  expect(attempt("bob", "git config user.name; git config user.email")).toBe("bob\nbob@test.localhost");
});

test("secrets are variables of their owner's editor, of nobody else's, and lie in no pod's spec", () => {
  expect(attempt("alice", "printenv TOKEN ANTHROPIC_AUTH_TOKEN ANTHROPIC_BASE_URL")).toBe(
    "open sesame\n123456\nhttp://203.0.113.7",
  );
  expect(attempt("bob", "printenv TOKEN || echo none")).toBe("none");
  expect(kubectl("get", "pods,deployments,replicasets", "-A", "-o", "json")).not.toMatch(
    /open sesame|123456/,
  );
});

test("the SSH key's private half is in the workspace, its public half an output, and ssh offers it", () => {
  expect(Object.keys(keys)).toEqual(["alice"]);
  expect(keys["alice"]).toMatch(/^ssh-ed25519 \S+ ws-alice$/);
  const [, published] = keys["alice"]?.split(" ") ?? [];
  expect(attempt("alice", "ssh-keygen -y -f /etc/workspace/ssh/id_ed25519")).toContain(published);
  expect(attempt("alice", "ssh -G git.example.com | grep -i ^identityfile")).toContain(
    "/etc/workspace/ssh/id_ed25519",
  );
  expect(attempt("bob", "ls /etc/workspace/ssh")).toContain("No such file");
});

test("Claude Code's policy is there, and its owner cannot change it", () => {
  const file = "/etc/claude-code/managed-settings.json";
  expect(JSON.parse(attempt("alice", `cat ${file}`))).toMatchObject({
    model: "opus",
    permissions: { deny: ["WebFetch"] },
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
  });
  const before = attempt("alice", `cat ${file}`);
  attempt(
    "alice",
    `echo '{}' > ${file}; rm -f ${file}; mv /etc/claude-code /tmp; touch /etc/claude-code/more`,
  );
  expect(attempt("alice", `cat ${file}; ls -A /etc/claude-code`)).toBe(`${before}\nmanaged-settings.json`);
  expect(attempt("alice", "claude --version")).toMatch(/Claude Code/);
});

describe("access to the API server", () => {
  test("is nobody's without kubernetesAccess: no token, and no way there", () => {
    expect(attempt("carol", "ls /var/run/secrets/kubernetes.io")).toContain("No such file");
    expect(attempt("carol", "curl -sk -m 3 https://kubernetes.default.svc/version || echo closed")).toBe(
      "closed",
    );
  });

  test.each([
    ["bob", "/api/v1/namespaces/ws-bob/pods", "200"],
    ["bob", "/api/v1/namespaces/ws-bob/secrets", "403"],
    ["bob", "/api/v1/namespaces/ws-alice/pods", "403"],
    ["bob", "/api/v1/namespaces", "403"],
    ["alice", "/api/v1/namespaces/ws-alice/configmaps", "200"],
    ["alice", "/api/v1/namespaces/ws-bob/configmaps", "403"],
    ["alice", "/api/v1/nodes", "403"],
    ["alice", "/apis/networking.k8s.io/v1/namespaces/vibecode-ingress/ingresses", "403"],
  ])("of %s to %s is answered %s", (user, path, status) => {
    expect(asked(user, path)).toBe(status);
  });

  test("with edit makes objects in one's own namespace", () => {
    const body = JSON.stringify({ metadata: { generateName: "mine-" } });
    const make = (namespace: string) =>
      asked(
        "alice",
        `/api/v1/namespaces/${namespace}/configmaps`,
        `-H 'content-type: application/json' -d '${body}'`,
      );
    expect(make("ws-alice")).toBe("201");
    expect(make("ws-bob")).toBe("403");
  });

  // Each of these would open a way around the owner-only sign-in or the network's borders.
  test.each([
    ["create", "services"],
    ["patch", "services/editor"],
    ["create", "endpointslices.discovery.k8s.io"],
    ["create", "networkpolicies.networking.k8s.io"],
    ["delete", "networkpolicies.networking.k8s.io/workspace"],
    ["create", "ingresses.networking.k8s.io"],
    ["create", "serviceaccounts/workspace --subresource=token"],
    ["impersonate", "serviceaccounts"],
    ["create", "rolebindings.rbac.authorization.k8s.io"],
    ["patch", "resourcequotas/workspace"],
    ["delete", "limitranges/workspace"],
    ["create", "persistentvolumeclaims"],
    ["patch", "namespaces/ws-alice"],
  ])("with edit may not %s %s", (verb, resource) => {
    const words = ["auth", "can-i", verb, ...resource.split(" "), "-n", "ws-alice"];
    const asAlice = "--as=system:serviceaccount:ws-alice:workspace";
    expect(answer(...words, asAlice)).toBe("no");
    // The question is a real one: an administrator may.
    expect(answer(...words)).toBe("yes");
  });
});
