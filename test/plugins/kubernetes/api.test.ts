import { ApiError, Unreachable } from "../../../local/plugins/kubernetes/api";
import { reasonsFor } from "../../../local/plugins/kubernetes/await/reasons";
import { Cluster } from "../../../local/plugins/kubernetes/cluster";
import { providerConfig } from "../../../local/plugins/kubernetes/config";
import { answering, breaksOff, closeServers, hangsUp, refuses, says, silent, silentAt } from "./loopback";

afterEach(closeServers);

const get = { method: "GET", path: "/api/v1/namespaces/a" } as const;
const apply = { method: "PATCH", path: get.path, body: {} } as const;

test("a server that takes the connection and never finishes TLS is not waited for", async () => {
  const api = await silent("https", { connectMs: 200 });
  await expect(api.request(get)).rejects.toThrow(/cannot be reached: no connection within 0\.2 seconds/);
});

test("a server that never answers is not waited for, nor one that stops in the middle", async () => {
  const api = await silent("http", { answerMs: 200 });
  await expect(api.request(get)).rejects.toThrow(/cannot be reached: no answer within 0\.2 seconds/);
  const stops = await answering([(_request, response) => response.writeHead(200).write("{")], {
    answerMs: 200,
  });
  await expect(stops.api.request(get)).rejects.toThrow(/no answer within 0\.2 seconds/);
  expect(stops.asked).toHaveLength(1);
});

test("a watch may be quiet for longer than an answer may take", async () => {
  const { api } = await answering(
    [
      (_request, response) => {
        response.writeHead(200).flushHeaders();
        setTimeout(() => response.end('{"type":"ADDED","object":{"kind":"A"}}\n'), 400);
      },
    ],
    { answerMs: 100, connectMs: 100 },
  );
  const events = [];
  for await (const event of api.watch(get.path, {}, new AbortController().signal)) events.push(event);
  expect(events).toEqual([{ type: "ADDED", object: { kind: "A" } }]);
});

test.each(["get", "head", "apply", "delete"] as const)("Ctrl-C ends a hanging %s", async (method) => {
  const kubeconfig = JSON.stringify({
    clusters: [{ name: "c", cluster: { server: await silentAt("http") } }],
    contexts: [{ name: "x", context: { cluster: "c" } }],
    "current-context": "x",
  });
  const cluster = new Cluster(providerConfig.parse({ kubeconfig }));
  const cancelled = new AbortController();
  const call = { signal: cancelled.signal, status: () => undefined, warn: () => undefined };
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } };
  const running = {
    get: () => cluster.get(object, call),
    head: () => cluster.head(object, call),
    apply: () => cluster.apply(object, { manager: "m", rehearse: false, call }),
    delete: () => cluster.delete(object, 60, true, call),
  }[method]();
  setTimeout(() => {
    cancelled.abort(new Error("interrupted"));
  }, 100);
  await expect(running).rejects.toThrow("interrupted");
});

test("reasons are not waited for longer than ten seconds", async () => {
  const api = await silent("http");
  const failed = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: "n", name: "a" },
    spec: { selector: { matchLabels: { a: "1" } } },
    status: { conditions: [{ type: "ReplicaFailure", status: "True", message: "no quota" }] },
  };
  expect(await reasonsFor(api, failed)).toEqual([expect.stringContaining("no quota")]);
}, 15_000);

test.each([
  ["before it answers", hangsUp],
  ["in the middle of its answer", breaksOff],
])("a server that hangs up %s is asked again, after a pause", async (_when, handler) => {
  const { api, asked } = await answering([handler, says({ kind: "Namespace" })]);
  const start = performance.now();
  expect(await api.request(apply)).toEqual({ object: { kind: "Namespace" } });
  expect(performance.now() - start).toBeGreaterThan(300);
  expect(asked).toEqual([`PATCH ${get.path}`, `PATCH ${get.path}`]);
});

test("a server that always hangs up cannot be reached", async () => {
  const { api, asked } = await answering([hangsUp]);
  await expect(api.request(get)).rejects.toThrow(Unreachable);
  expect(asked).toHaveLength(6);
}, 30_000);

test("Ctrl-C ends the pause before the next attempt", async () => {
  const { api, asked } = await answering([
    (_request, response) => response.writeHead(503, { "retry-after": "60" }).end(),
  ]);
  await expect(api.request({ ...get, signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/);
  expect(asked).toHaveLength(1);
});

test("a refusal is told at once, in the server's words", async () => {
  const { api, asked } = await answering([refuses(403)]);
  await expect(api.request(get)).rejects.toThrow(new ApiError(403, "", "refused with 403"));
  expect(asked).toHaveLength(1);
});
