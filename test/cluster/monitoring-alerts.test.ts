import { setTimeout as sleep } from "node:timers/promises";

import { empty } from "../platform/deploy";
import { inWorkspace, kubectl } from "../platform/kubectl";
import * as monitoring from "../platform/monitoring";
import { receiver, type Alert, type Receiver } from "../platform/receiver";
import type { Guarded } from "../platform/sign-in";
import { tries } from "../sign-in/cases";
import { visitor, type Visitor } from "../sign-in/portal";
import { eventually } from "./eventually";

// Real trouble, the stack's own rules, and a server beside the cluster that is told of it. Only waiting is shorter.

jest.setTimeout(400_000);

let told: Receiver;
let platform: Guarded;
/** Alice's browser, where she has signed in. */
let alice: Visitor;

beforeAll(async () => {
  told = await receiver();
  platform = await monitoring.deployMonitored(told.url);
  monitoring.hasten();
  alice = visitor(platform.portal, platform.portalHost);
  await alice.signIn("alice", platform.password("alice"));
  // Scraped at least once, so that there is something to grow.
  await eventually(() => {
    expect(monitoring.value('count(up{job="authelia"} == 1)')).toBe(1);
    return Promise.resolve();
  }, 60);
  // The kubelet measures a volume once a minute: what is asked of it is done before the tests that wait for it.
  fill();
}, 900_000);

afterAll(async () => {
  await told.remove();
  await empty();
}, 300_000);

/** Waits until the receiver hears the last of this alert with this state, and gives it. */
const hears = (alertname: string, labels: Record<string, string> = {}, status = "firing", seconds = 240) =>
  eventually(() => {
    const last = told.heard().findLast((alert) => matches(alert, { alertname, ...labels }));
    if (last?.status !== status)
      throw new Error(`${alertname} is ${last?.status ?? "not heard of"}, not ${status}`);
    return Promise.resolve(last);
  }, seconds);

const matches = ({ labels }: Alert, wanted: Record<string, string>) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** Waits until an alert fires in Prometheus, whoever is told. */
const fires = (alertname: string) =>
  eventually(() => {
    expect(monitoring.value(`count(ALERTS{alertname="${alertname}",alertstate="firing"})`)).toBeGreaterThan(
      0,
    );
    return Promise.resolve();
  }, 240);

const inPrometheus = (script: string) =>
  kubectl("-n", monitoring.namespace, "exec", "prometheus-0", "--", "sh", "-c", script);

/** What a workspace and sign-in do for people, whatever becomes of monitoring. */
async function works() {
  const editor = await platform.visit(alice, { host: "alice.test.localhost", path: "/healthz" });
  const newcomer = visitor(platform.portal, platform.portalHost);
  const signedIn = await newcomer.firstFactor("alice", platform.password("alice"));
  return { editor: editor.status, signedIn };
}
const well = { editor: 200, signedIn: true };

/** Leaves little of fred's home. */
const fill = () => {
  const bytes = "$(($(df --block-size=1 --output=avail . | tail -n 1) * 92 / 100))";
  inWorkspace("fred", `head --bytes=${bytes} /dev/zero > filler && sync filler`);
};
const fredsDisk = { namespace: "ws-fred", persistentvolumeclaim: "home" };

test("an editor that ends again and again is told, with where to look", async () => {
  for (let turn = 0; turn < 3; turn++) {
    // Refused between two runs of it, and then tried again.
    await eventually(() => Promise.resolve(inWorkspace("carl", "kill 1")), 60);
    await sleep(3000);
  }
  const alert = await hears("VibecodeWorkspaceCrashLoop", { namespace: "ws-carl" });
  expect(alert.labels["severity"]).toBe("ticket");
  expect(alert.annotations["summary"]).toBe("The editor of ws-carl ends again and again");
  expect(alert.annotations["runbook_url"]).toMatch(/runbooks\/workspace-crash-loop\.md$/);
});

test("a disk that fills is told, with what mends it", async () => {
  const alert = await hears("VibecodeWorkspaceDiskFilling", fredsDisk);
  expect(alert.annotations["summary"]).toMatch(/^The volume home of ws-fred is (8[6-9]|9\d) % full$/);
  expect(alert.annotations["description"]).toContain("larger `home`");
  inWorkspace("fred", "rm filler");
});

test("somebody who guesses passwords is told of, and who knows theirs signs in meanwhile", async () => {
  for (const turn of [1, 2, 3, 4, 5]) {
    for (const name of ["root", "admin", "test", "dev", "ops"])
      await tries(platform.portal, platform.portalHost, `${name}${turn}`, ["password"]);
    expect(await works()).toEqual(well);
  }
  const alert = await hears("VibecodeSignInBruteForce");
  expect(alert.annotations["summary"]).toMatch(/^\d\d sign-ins failed within five minutes$/);
});

test("it is told too that the disk has room again", async () => {
  await hears("VibecodeWorkspaceDiskFilling", fredsDisk, "resolved");
});

describe("while nobody listens to alerts", () => {
  beforeAll(() => told.stop());

  test("workspaces and sign-in work, and monitoring says of itself that nobody hears it", async () => {
    fill();
    await fires("VibecodeWorkspaceDiskFilling");
    await fires("VibecodeAlertDeliveryFailing");
    expect(await works()).toEqual(well);
  });

  test("what happened meanwhile is told once somebody listens again", async () => {
    expect(told.heard().findLast((alert) => matches(alert, fredsDisk))?.status).toBe("resolved");
    await told.start();
    await hears("VibecodeWorkspaceDiskFilling", fredsDisk);
  });
});

test("without Alertmanager workspaces and sign-in work, and alerts come once it is back", async () => {
  const replicas = (count: number) =>
    kubectl("-n", monitoring.namespace, "scale", "statefulset/alertmanager", `--replicas=${count}`);
  replicas(0);
  // A twentieth stays, for what is measured meanwhile: told of in the next test.
  inPrometheus(
    "bytes() { df --block-size=1 --output=$1 /prometheus | tail -n 1; }; head --bytes=$(($(bytes avail) - $(bytes size) / 20)) /dev/zero > /prometheus/filler",
  );
  kubectl("-n", monitoring.namespace, "wait", "pod/alertmanager-0", "--for=delete", "--timeout=60s");
  inWorkspace("fred", "rm -f filler");
  await eventually(() => {
    expect(
      monitoring.samples('ALERTS{alertname="VibecodeWorkspaceDiskFilling",alertstate="firing"}'),
    ).toEqual([]);
    return Promise.resolve();
  }, 120);
  expect(await works()).toEqual(well);
  replicas(1);
  monitoring.ready("alertmanager");
  await hears("VibecodeWorkspaceDiskFilling", fredsDisk, "resolved");
});

test("Prometheus tells that its own disk fills; when it is full workspaces and sign-in work, and it goes on when there is room", async () => {
  /** Seconds since it has last kept something. */
  const age = () => monitoring.value('time() - max(timestamp(up{job="prometheus"}))');
  await hears("VibecodePrometheusStorage");
  inPrometheus(
    "for turn in 1 2 3; do dd if=/dev/zero bs=4k >> /prometheus/filler 2>/dev/null; sync; sleep 1; done; true",
  );
  expect(inPrometheus("df --output=avail /prometheus | tail -n 1").trim()).toMatch(/^\d{1,3}$/);
  await eventually(() => {
    expect(age()).toBeGreaterThan(20);
    return Promise.resolve();
  }, 120);
  expect(await works()).toEqual(well);
  inPrometheus("rm /prometheus/filler");
  await eventually(() => {
    expect(age()).toBeLessThan(15);
    return Promise.resolve();
  }, 240);
});
