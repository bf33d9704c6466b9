import { z } from "zod";

import { deploy, open, up, type PlatformArgs } from "../platform/deploy";
import { inWorkspace, kubectl } from "../platform/kubectl";

// A volume that has grown stays so for as long as the cluster does: each run has a user of its own.
const user = `grow${process.pid}`;
const namespace = `ws-${user}`;
const GiB = 2 ** 30;

/** The stack with a size and a home for our user; bob is the neighbour. */
const stack = (size: string, home?: string, extra?: PlatformArgs["extra"]): PlatformArgs => ({
  users: [{ name: user, size, ...(home === undefined ? {} : { home }) }, "bob"],
  ...(extra === undefined ? {} : { extra }),
});

const get = (...words: string[]): unknown =>
  JSON.parse(kubectl("-n", namespace, "get", ...words, "-o", "json"));

const claim = z.object({
  metadata: z.object({ uid: z.string() }),
  spec: z.object({
    volumeName: z.string(),
    resources: z.object({ requests: z.object({ storage: z.string() }) }),
  }),
  status: z.object({ capacity: z.object({ storage: z.string() }) }),
});
const home = () => claim.parse(get("pvc", "home"));

/** What the user's quota allows and the editor has, and what its container's memory is really limited to. */
function limits(): { quota: unknown; editor: unknown; memory: number } {
  const hard = z.object({ spec: z.object({ hard: z.record(z.string(), z.string()) }) });
  const quota = hard.parse(get("quota", "workspace")).spec.hard;
  const pods = z.object({
    items: z.tuple([
      z.object({
        spec: z.object({ containers: z.tuple([z.object({ resources: z.object({ limits: z.unknown() }) })]) }),
      }),
    ]),
  });
  const [pod] = pods.parse(get("pods")).items;
  const files = "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max";
  return {
    quota: { cpu: quota["limits.cpu"], memory: quota["limits.memory"], pods: quota["pods"] },
    editor: pod.spec.containers[0].resources.limits,
    memory: Number(inWorkspace(user, `cat ${files} 2>/dev/null || true`)) / GiB,
  };
}

/** Bytes of the home's file system, as the person inside sees them. */
const bytes = (): number => Number(inWorkspace(user, "df --block-size=1 --output=size . | tail -n 1"));

const pods = (of: string): string =>
  kubectl("-n", `ws-${of}`, "get", "pods", "-o", "custom-columns=UID:.metadata.uid");

/** All that `up` could touch of a user's, with its version; what changes by itself is left out. */
const footprint = (of: string): string =>
  kubectl(
    ...["-n", `ws-${of}`, "get", "deploy,pvc,quota,limits,netpol,sa,svc"],
    ...["-o", "custom-columns=KIND:.kind,NAME:.metadata.name,UID:.metadata.uid,SPEC:.spec"],
  );

beforeAll(async () => {
  await deploy(stack("medium"));
  inWorkspace(user, "echo precious > kept.txt");
}, 600_000);

afterAll(async () => {
  await up({ users: ["bob"] });
  kubectl("delete", "namespace", namespace, "--ignore-not-found");
}, 180_000);

test("a larger size and home: the same volume grows in place, limits and quota follow, and only that user's pod is new", async () => {
  const before = { home: home(), pods: pods(user), bob: footprint("bob") + pods("bob") };
  expect(limits()).toEqual({
    quota: { cpu: "2", memory: "4Gi", pods: "1" },
    editor: { cpu: "2", memory: "4Gi", "ephemeral-storage": "4Gi" },
    memory: 4,
  });
  expect(bytes()).toBeLessThan(10 * GiB);

  const { touched } = await up(stack("large", "12Gi"));
  expect(touched.map(({ name, operation }) => `${operation} ${name}`).sort()).toEqual(
    ["editor", "home", "limits", "quota"].map((part) => `update ${user}-${part}`),
  );

  const after = home();
  expect(after.metadata.uid).toBe(before.home.metadata.uid);
  expect(after.spec.volumeName).toBe(before.home.spec.volumeName);
  expect(after.status.capacity.storage).toBe("12Gi");
  expect(bytes()).toBeGreaterThan(11.5 * GiB);
  expect(inWorkspace(user, "cat kept.txt")).toBe("precious\n");
  expect(limits()).toEqual({
    quota: { cpu: "4", memory: "8Gi", pods: "1" },
    editor: { cpu: "4", memory: "8Gi", "ephemeral-storage": "4Gi" },
    memory: 8,
  });
  expect(pods(user)).not.toBe(before.pods);
  expect(footprint("bob") + pods("bob")).toBe(before.bob);
}, 240_000);

test("a home grows while its pod runs, which stays", async () => {
  const before = pods(user);
  await up(stack("large", "13Gi"));
  expect(bytes()).toBeGreaterThan(12.5 * GiB);
  expect(pods(user)).toBe(before);
}, 240_000);

const refusal = (from: string, to: string) =>
  new RegExp(
    `nothing was touched:\\n +vibecode:users\\[0\\].* must keep its home of ${from}: a volume can grow and cannot shrink to ${to}`,
  );

test("a smaller home is refused in config's one message, by up and by preview, and nothing is touched", async () => {
  const before = footprint(user) + pods(user);
  await expect(up(stack("small", "12Gi"))).rejects.toThrow(refusal("13Gi", "12Gi"));
  // The stack's default is smaller as well.
  await expect(up(stack("small"))).rejects.toThrow(refusal("13Gi", "10Gi"));

  let said = "";
  const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  const previewed = (await open(stack("small", "12Gi"))).preview();
  const refused = expect(previewed).rejects.toThrow("the preview failed");
  await refused.finally(() => {
    write.mockRestore();
  });
  expect(said).toMatch(refusal("13Gi", "12Gi"));
  expect(footprint(user) + pods(user)).toBe(before);
}, 240_000);

test("a smaller size with the same home is taken, and the home stays", async () => {
  const before = home();
  await up(stack("small", "13Gi"));
  expect(home()).toEqual(before);
  expect(limits()).toMatchObject({ quota: { cpu: "1", memory: "2Gi" }, memory: 2 });
}, 240_000);

test("after an up that failed a smaller home is still refused", async () => {
  // No RuntimeClass can have this name.
  const broken = { "vibecode:workspace": { runtimeClass: "Not_A_Name" } };
  await expect(up(stack("small", "13Gi", broken))).rejects.toThrow(/runtimeClassName/);
  await expect(up(stack("small", "12Gi"))).rejects.toThrow(refusal("13Gi", "12Gi"));
}, 240_000);

test("who comes back with a smaller home than the one that was kept is refused, and finds the files with the old size", async () => {
  await up({ users: ["bob"] });
  await expect(up(stack("small", "11Gi"))).rejects.toThrow(
    /home[^]*(less than status.capacity|cannot shrink)/,
  );
  await up(stack("small", "13Gi"));
  expect(inWorkspace(user, "cat kept.txt")).toBe("precious\n");
  expect(home().status.capacity.storage).toBe("13Gi");
}, 300_000);
