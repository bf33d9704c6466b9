import { shape } from "../../infra/schema";
import { ask } from "../../local/door";
import { deploy, up, type Deployed } from "../platform/deploy";
import { inWorkspace, kubectl, names } from "../platform/kubectl";

/** What must not move when somebody else comes or goes: identity and generation of a user's objects, and the pod. */
function footprint(user: string): string {
  const columns = "NAME:.metadata.name,UID:.metadata.uid,GENERATION:.metadata.generation";
  return kubectl(
    "-n",
    `ws-${user}`,
    "get",
    "deploy,svc,pvc,sa,pod,netpol,quota,limits",
    "-o",
    `custom-columns=${columns}`,
  );
}

let platform: Deployed;

beforeAll(async () => {
  platform = await deploy({ users: ["alice", "bob"] });
}, 600_000);

test("a second up changes nothing", async () => {
  const { touched } = await up({ users: ["alice", "bob"] });
  expect(touched).toEqual([]);
}, 120_000);

test("adding a user touches that user's resources, and the list of who may sign in", async () => {
  const before = { alice: footprint("alice"), bob: footprint("bob") };
  const { touched } = await up({ users: ["alice", "bob", "dave"] });
  const others = touched.filter(({ name }) => !/(^|-)dave(-|$)/.test(name)).map(({ name }) => name);
  expect(others).toEqual(["ingress-sign-in"]);
  expect(
    touched.map(({ operation }) => operation).filter((operation) => operation === "create"),
  ).toHaveLength(13);
  expect({ alice: footprint("alice"), bob: footprint("bob") }).toEqual(before);
}, 180_000);

test("removing a user ends the compute and the route, and keeps the volumes; coming back finds the files", async () => {
  inWorkspace("alice", "echo precious > kept.txt");
  const bob = footprint("bob");
  await up({ users: ["bob"] });
  expect(names("deploy,svc,sa,ingress,secret", "ws-alice")).toEqual(["default"]); // Kubernetes makes this account
  expect(names("pod", "ws-alice")).toEqual([]);
  expect(names("ingress", "vibecode-ingress")).toEqual(["ws-bob"]);
  expect(names("pvc", "ws-alice")).toEqual(["extensions", "home"]);
  expect(footprint("bob")).toBe(bob);

  const back = await deploy({ users: ["alice", "bob"] });
  expect(inWorkspace("alice", "cat kept.txt")).toBe("precious\n");
  expect(back.password("alice")).not.toBe(platform.password("alice"));
}, 300_000);

test("plain HTTP is redirected, and headers that harden a browser are on every answer", async () => {
  const answer = await ask(platform.door, "bob.test.localhost", "/", `bob:${platform.password("bob")}`);
  expect(answer?.headers["strict-transport-security"]).toMatch(/max-age=31536000/);
  expect(answer?.headers["x-content-type-options"]).toBe("nosniff");
  expect(answer?.headers["x-frame-options"]).toBe("SAMEORIGIN");
  const plain = await fetch(`http://${platform.door.address}:30080/`, { redirect: "manual" });
  expect(plain.status).toBe(301);
  expect(plain.headers.get("location")).toMatch(/^https:/);
}, 60_000);

test("a wrong config is refused with every mistake, before anything is touched", async () => {
  const before = kubectl("get", "namespaces", "-o", "name");
  const wrong = up({ users: ["alice", "Bob", "admin", "alice"], extra: { "vibecode:colour": "blue" } });
  await expect(wrong).rejects.toThrow(
    [
      "4 mistakes in the stack's config; nothing was touched:",
      '  vibecode:users[1]: "Bob" must be lower case letters, digits and single dashes, and begin with a letter',
      '  vibecode:users[2]: "admin" is reserved for the platform: choose another name',
      `  vibecode:colour: "blue" has no place here: the keys are ${Object.keys(shape.shape).join(", ")}`,
      '  vibecode:users[3]: "alice" must be unique: users[0] has it already',
    ].join("\n"),
  );
  expect(kubectl("get", "namespaces", "-o", "name")).toBe(before);
}, 60_000);
