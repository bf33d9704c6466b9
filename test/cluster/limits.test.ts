import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { deploy, empty, type Deployed } from "../platform/deploy";
import { kubeconfig } from "../platform/kubectl";
import { statusOf, whileAsking, type Answers } from "../platform/neighbour";
import { eventually } from "./eventually";
import { kubectlOf } from "./kubectl";

// Alice attacks, from inside her workspace. What counts is that bob notices nothing: each of his editor's answers is
// as it should be, and none takes longer than a person is willing to wait on a machine of two cores.
const slowest = 4000;

let platform: Deployed;
let kubectl: ReturnType<typeof kubectlOf>;
let bobsPod: unknown;

beforeAll(async () => {
  kubectl = kubectlOf(kubeconfig());
  // Volumes never shrink, and those of others before are larger.
  await empty();
  platform = await deploy({
    // One core of however many the machine has.
    users: [{ name: "alice", size: "small" }, "bob"],
    extra: { "vibecode:storage": { temporary: "200Mi" } },
  });
  bobsPod = await podOf("bob");
}, 600_000);

/** What a command in a user's workspace prints, its errors included; how it ends is not asked. */
const inside = (user: string, command: string): Promise<string> =>
  kubectl([
    ...["-n", `ws-${user}`, "exec", "deploy/editor", "-c", "editor", "--"],
    ...["sh", "-c", `cd; { ${command}; } 2>&1; true`],
  ]);

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        phase: z.string(),
        containerStatuses: z.array(z.object({ restartCount: z.number() })).optional(),
      }),
    }),
  ),
});

const podsOf = async (user: string) =>
  pods.parse(JSON.parse(await kubectl(["-n", `ws-${user}`, "get", "pods", "-o", "json"]))).items;

/** Name and restarts of a user's pods that are not over. */
async function podOf(user: string) {
  const all = await podsOf(user);
  return all
    .filter(({ status }) => !["Failed", "Succeeded"].includes(status.phase))
    .map(({ metadata, status }) => ({
      name: metadata.name,
      restarts: status.containerStatuses?.map(({ restartCount }) => restartCount),
    }));
}

const answersAgain = (user: string, seconds: number): Promise<void> =>
  eventually(async () => {
    expect(await statusOf(platform, user)).toBe(200);
  }, seconds);

/** Bob's editor answers, and his pod is the one that it was. */
async function expectNothingNoticed(answers: Answers): Promise<void> {
  expect(answers.asked).toBeGreaterThan(10);
  expect(answers.failed).toEqual([]);
  expect(answers.slowest).toBeLessThan(slowest);
  expect(await podOf("bob")).toEqual(bobsPod);
}

const ready = "{.items[0].status.conditions[?(@.type=='Ready')]['status','lastTransitionTime']}";
const node = (): Promise<string> => kubectl(["get", "nodes", "-o", `jsonpath=${ready}`]);

/** The most processes and threads that the kubelet lets a pod have. */
async function pidLimit(): Promise<number> {
  const name = await kubectl(["get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"]);
  const config = await kubectl(["get", "--raw", `/api/v1/nodes/${name}/proxy/configz`]);
  return z.object({ kubeletconfig: z.object({ podPidsLimit: z.number() }) }).parse(JSON.parse(config))
    .kubeletconfig.podPidsLimit;
}

// Every process forks for as long as it lives, 20 s. The first says how many there are when it cannot any more.
const bomb = `perl -e '
  $SIG{CHLD} = "IGNORE";
  $first = $$;
  $end = time + 20;
  while (time < $end) {
    next if defined fork;
    next if $$ != $first || $said;
    $why = "$!";
    opendir $all, "/proc";
    $said = grep /^\\d+$/, readdir $all;
    print "$said processes: $why\\n";
  }
' 2>/dev/null`;

test("a fork bomb ends at the pod's PID limit; the neighbour notices nothing, and the editor answers after it", async () => {
  const limit = await pidLimit();
  const [alice, before] = [await podOf("alice"), await node()];
  let said = "";
  const bob = await whileAsking(platform, "bob", async () => {
    said = await inside("alice", bomb);
  });
  const [, processes, why] = /(\d+) processes: (.*)/.exec(said) ?? [];
  expect(why).toBe("Resource temporarily unavailable");
  // The limit counts the editor's threads too, and on a busy machine the first have ended before the last begin.
  expect(Number(processes)).toBeGreaterThan(limit / 2);
  expect(Number(processes)).toBeLessThanOrEqual(limit);
  await expectNothingNoticed(bob);
  await answersAgain("alice", 60);
  expect(await podOf("alice")).toEqual(alice);
  expect(await node()).toBe(before);
  expect(before).toMatch(/^True /);
}, 180_000);

test("a memory hog is killed at the limit, the neighbour notices nothing, and the editor answers", async () => {
  const hog = `
held = []
while True:
    held.append(bytearray(50 << 20))
    print(len(held) * 50, flush=True)`;
  let said = "";
  const bob = await whileAsking(platform, "bob", async () => {
    said = await inside("alice", `python3 -c '${hog}' > /tmp/hog; echo "ended with $?"; tail -n 1 /tmp/hog`);
    await sleep(3000);
  });
  // 137: by SIGKILL. The size has 2048 MiB.
  const [, status, held] = /ended with (\d+)\n(\d+)/.exec(said) ?? [];
  expect(status).toBe("137");
  expect(Number(held)).toBeGreaterThan(1000);
  expect(Number(held)).toBeLessThan(2048);
  await expectNothingNoticed(bob);
  await answersAgain("alice", 60);
}, 120_000);

test("a CPU hog gets its size's CPU and no more, and the neighbour notices nothing", async () => {
  let said = "";
  const bob = await whileAsking(platform, "bob", async () => {
    const loop = 'timeout 15 sh -c "while :; do :; done" &';
    said = await inside("alice", `for i in 1 2 3 4 5 6 7 8; do ${loop} done; wait; times`);
  });
  // The second line is of the shell's children: time of their own, and of the kernel for them.
  const [, minutes, seconds] = /\n(\d+)m([\d.]+)s /.exec(said) ?? [];
  const used = Number(minutes) * 60 + Number(seconds);
  expect(used).toBeGreaterThan(3);
  expect(used).toBeLessThan(17);
  await expectNothingNoticed(bob);
  await answersAgain("alice", 30);
}, 120_000);

test("a /tmp beyond its limit costs the pod; a new one has the same home, and the neighbour notices nothing", async () => {
  await inside("alice", "echo precious > kept.txt");
  const [before] = await podOf("alice");
  const bob = await whileAsking(platform, "bob", async () => {
    await inside("alice", "head -c 300M /dev/zero > /tmp/fill");
    await eventually(async () => {
      const why = `involvedObject.name=${before?.name ?? ""},reason=Evicted`;
      expect(await kubectl(["-n", "ws-alice", "get", "events", "--field-selector", why])).toContain(
        'Usage of EmptyDir volume "tmp" exceeds the limit "200Mi"',
      );
      expect(await podOf("alice")).not.toContainEqual(before);
      // The kubelet measures a volume once a minute, and later on a busy machine.
    }, 180);
    await answersAgain("alice", 60);
  });
  expect(await inside("alice", "cat kept.txt; ls /tmp/fill")).toMatch(/^precious\n.*No such file/s);
  await expectNothingNoticed(bob);
}, 360_000);

test("the one file of the node's own that every container may write is out of the editor's reach", async () => {
  // No limit counts it: a gigabyte in it was nobody's.
  const mounted = await inside("alice", "grep -o ' [^ ]*termination-log' /proc/self/mountinfo");
  const [place = ""] = /\S*termination-log$/.exec(mounted.trim()) ?? [];
  expect(place).not.toBe("");
  expect(await inside("alice", `echo x > ${place}`)).toContain("Permission denied");
}, 30_000);

test("a deleted pod's replacement answers within seconds, and never shares the home with it", async () => {
  for (let round = 0; round < 3; round++) {
    const began = Date.now();
    const [old] = await podOf("alice");
    let most = 0;
    let isBack = false;
    const watching = async (): Promise<void> => {
      while (!isBack) {
        most = Math.max(most, (await podOf("alice")).length);
        await sleep(100);
      }
    };
    const replacing = async (): Promise<void> => {
      await kubectl(["-n", "ws-alice", "delete", "pod", old?.name ?? "", "--wait=true"]);
      await answersAgain("alice", 60);
      isBack = true;
    };
    await Promise.all([watching(), replacing()]);
    // Nothing of this is waiting for the quota to have room: without one it takes as long.
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(most).toBe(1);
    expect(await podOf("alice")).not.toEqual([old]);
  }
}, 180_000);
