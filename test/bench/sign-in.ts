import type { Report } from "../../local/errors";
import { kubectlOf } from "../cluster/kubectl";
import setup from "../cluster/setup";
import teardown from "../cluster/teardown";
import { kubeconfig, kubectl } from "../platform/kubectl";
import { load, quantile } from "../platform/load";
import { deployAuthelia } from "../platform/sign-in";
import { visitor } from "../sign-in/portal";

/** Milliseconds of one request, the middle and the 99th of 100. */
export interface Latency {
  middle: number;
  slow: number;
}

/** What sign-in costs each request to an editor. */
export interface SignInCost {
  /** Requests a second. */
  rate: number;
  behind: Latency;
  /** The same Service by a route that asks nobody. */
  open: Latency;
}

const openHost = "open.test.localhost";

/** A second route to alice's editor, which asks nobody who is there. */
const openRoute = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: {
    name: "bench-open",
    namespace: "vibecode-ingress",
    annotations: { "traefik.ingress.kubernetes.io/router.entrypoints": "websecure" },
  },
  spec: {
    ingressClassName: "vibecode",
    tls: [{ hosts: [openHost] }],
    rules: [
      {
        host: openHost,
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: "ws-alice", port: { name: "http" } } },
            },
          ],
        },
      },
    ],
  },
};

/** Measures on the cluster of the tests, with Authelia and its stores in pods; both routes by turns. */
export async function measureSignIn(rate: number, seconds: number, report: Report): Promise<SignInCost> {
  report("a cluster with Authelia");
  await setup();
  try {
    const platform = await deployAuthelia({ users: [{ name: "alice", groups: ["developers"] }] });
    const alice = visitor(platform.portal, platform.portalHost);
    await alice.signIn("alice", platform.password("alice"));
    await kubectlOf(kubeconfig())(["apply", "-f", "-"], JSON.stringify(openRoute));
    const took: Record<"behind" | "open", number[]> = { behind: [], open: [] };
    for (let turn = 0; turn < 3; turn++) {
      for (const route of ["behind", "open"] as const) {
        report(`${rate} requests a second, ${route === "open" ? "without" : "with"} sign-in`);
        const host = route === "open" ? openHost : "alice.test.localhost";
        const headers = { cookie: alice.cookie() ?? "" };
        const run = await load(platform.door, { host, headers, path: "/healthz", rate, seconds });
        if (Object.keys(run.answers).join() !== "200") throw new Error(JSON.stringify(run.answers));
        took[route].push(...run.took);
      }
    }
    return { rate, behind: latency(took.behind), open: latency(took.open) };
  } finally {
    kubectl("delete", "ingress", "bench-open", "-n", "vibecode-ingress", "--ignore-not-found");
    await teardown();
  }
}

function latency(took: readonly number[]): Latency {
  const sorted = took.toSorted((a, b) => a - b);
  return { middle: quantile(sorted, 0.5), slow: quantile(sorted, 0.99) };
}
