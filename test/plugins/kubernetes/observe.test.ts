import { until } from "../../../local/plugins/kubernetes/await";
import { textAt } from "../../../local/plugins/kubernetes/objects";
import type { PropertyMap } from "../../../local/plugins/server";
import { answering, closeServers, hangsUp, refuses, says } from "./loopback";

afterEach(closeServers);

const selection = { path: "/api/v1/pods" };
const pods = (phase: string) => ({ kind: "PodList", items: [{ metadata: { uid: "1" }, status: { phase } }] });
const isRunning = ([pod]: PropertyMap[]) => (textAt(pod, "status", "phase") === "Running" ? true : undefined);
const patient = () => AbortSignal.timeout(10_000);

test.each([
  ["a watch is refused with 410", refuses(410)],
  ["a watch is refused with 429", refuses(429)],
  ["a watch is refused with 500", refuses(500)],
  ["a watch is refused with 502", refuses(502)],
  ["a watch is refused with 503", refuses(503)],
  ["a watch is refused with 504", refuses(504)],
  ["watching is forbidden", refuses(403)],
  ["a watch is cut off", hangsUp],
  ["a watch ends", says({})],
  ["a watch reports an error", says({ type: "ERROR", object: { kind: "Status", code: 410 } })],
])("%s: another look follows, after a pause", async (_what, watch) => {
  const { api, asked } = await answering([says(pods("Pending")), watch, says(pods("Running"))]);
  const start = performance.now();
  expect(await until(api, selection, isRunning, patient())).toBe(true);
  expect(performance.now() - start).toBeGreaterThan(1900);
  expect(asked).toEqual(
    [selection.path, `${selection.path}?watch=1`, selection.path].map((at) => `GET ${at}`),
  );
});

test.each([
  ["a list that is forbidden", [refuses(403)], /refused with 403/],
  ["a watch that cannot be", [says(pods("Pending")), refuses(400)], /refused with 400/],
])("%s fails at once", async (_what, handlers, message) => {
  const { api } = await answering(handlers);
  await expect(until(api, selection, isRunning, patient())).rejects.toThrow(message);
});

test("a fault of the judge is not waited out", async () => {
  const { api, asked } = await answering([says(pods("Pending"))]);
  const faulty = () => {
    throw new TypeError("a fault");
  };
  await expect(until(api, selection, faulty, patient())).rejects.toThrow("a fault");
  expect(asked).toHaveLength(1);
});
