import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { autoscaler, type Target } from "../../components/monitoring/datadog/autoscaler";
import { everything, make, only, place, type Made } from "./datadog-component";
import { specs } from "./datadog-schemas";
import { at } from "./mocks";
import { upstreamFolder } from "./upstream";

const ofDatadog = (made: readonly Made[]) =>
  made.filter(({ inputs }) => String(at(inputs, "apiVersion")).startsWith("datadoghq.com/"));
const kindOf = ({ inputs }: Made) => String(at(inputs, "kind"));
const problems = (schema: z.ZodType | undefined, one: Made) =>
  schema === undefined
    ? `no schema of ${kindOf(one)}`
    : schema.safeParse(at(one.inputs, "spec")).error?.issues;

const deciding = (autoscaling: object) => ({ autoscaling });

/** Each switch by itself, none of them, and all; with the number of objects that are asked for then. */
const variants: Record<string, { settings: Record<string, unknown>; objects: number }> = {
  nothing: { settings: {}, objects: 1 },
  logs: { settings: { logs: { enabled: true } }, objects: 1 },
  "workspaces' logs": { settings: { logs: { enabled: true, workspaces: true } }, objects: 1 },
  traces: { settings: { apm: true }, objects: 1 },
  processes: { settings: { process: true }, objects: 1 },
  network: { settings: { network: true }, objects: 1 },
  "external metrics": { settings: { externalMetrics: true }, objects: 1 },
  "watermarks on cpu": {
    settings: deciding({ traefik: { kind: "watermark", max: 3, cpu: { low: "1", high: "2" } } }),
    objects: 2,
  },
  "watermarks on memory": {
    settings: deciding({ authelia: { kind: "watermark", max: 3, memory: { low: "1Gi", high: "2Gi" } } }),
    objects: 2,
  },
  "watermarks on a metric": {
    settings: deciding({
      traefik: { kind: "watermark", max: 3, metric: { query: "sum:a{*}", low: "1", high: "2" } },
    }),
    objects: 3,
  },
  "Datadog's own autoscaler": { settings: deciding({ traefik: { kind: "datadog", max: 3 } }), objects: 2 },
  everything: { settings: everything, objects: 4 },
};

test.each(Object.entries(variants))(
  "what is asked of the operator with %s has no field and no value that its kind does not know",
  async (_, { settings, objects }) => {
    const made = ofDatadog(await make(place(settings)));
    expect(made.length).toBe(objects);
    for (const one of made)
      expect([kindOf(one), problems(specs[kindOf(one)], one)]).toEqual([kindOf(one), undefined]);
  },
);

test("the kinds are of the versions in which they are known", async () => {
  const made = ofDatadog(await make(place(everything)));
  expect(made.map((one) => `${kindOf(one)} ${String(at(one.inputs, "apiVersion"))}`).sort()).toEqual([
    "DatadogAgent datadoghq.com/v2alpha1",
    "DatadogMetric datadoghq.com/v1alpha1",
    "DatadogPodAutoscaler datadoghq.com/v1alpha2",
    "WatermarkPodAutoscaler datadoghq.com/v1alpha1",
  ]);
});

describe("who decides about replicas", () => {
  const watermarks: Target = {
    service: "traefik",
    namespace: "vibecode-ingress",
    name: "traefik",
    pods: { app: "traefik" },
    replicas: { min: 2, max: 6 },
    decision: { kind: "watermark", cpu: { low: "100m", high: "400m" } },
  };

  test("never has a workspace to decide about", async () => {
    const targets = ofDatadog(await make(place(everything))).flatMap(({ inputs }) => {
      const ref = at(inputs, "spec", "scaleTargetRef") ?? at(inputs, "spec", "targetRef");
      return ref === undefined
        ? []
        : [`${String(at(inputs, "metadata", "namespace"))}/${String(at(ref, "name"))}`];
    });
    expect(targets.sort()).toEqual(["vibecode-auth/authelia", "vibecode-ingress/traefik"]);
    for (const namespace of ["ws-alice", "default", ""])
      expect(() => autoscaler({ ...watermarks, namespace })).toThrow(
        "is no service that may have several pods",
      );
  });

  test("refuses a service whose name nobody listed", () => {
    const known = z.custom<Target>().parse({ ...watermarks, service: "editor", name: "editor" });
    expect(() => autoscaler(known)).toThrow("vibecode-ingress/editor is no service");
  });

  test("goes by cpu, memory and a metric of Datadog's, each by what one pod has of it", async () => {
    const made = await make(place(everything));
    const { inputs } = only(made, "WatermarkPodAutoscaler", "datadog-traefik-WatermarkPodAutoscaler");
    const metricSelector = {
      matchLabels: { "app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "ingress" },
    };
    expect(at(inputs, "spec")).toMatchObject({
      scaleTargetRef: { kind: "Deployment", name: "traefik" },
      algorithm: "average",
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        { resource: { name: "cpu", metricSelector, lowWatermark: "100m", highWatermark: "400m" } },
        { resource: { name: "memory", metricSelector, lowWatermark: "100Mi", highWatermark: "300Mi" } },
        {
          external: {
            metricName: "datadogmetric@vibecode-ingress:traefik",
            lowWatermark: "20",
            highWatermark: "80",
          },
        },
      ],
    });
    const metric = only(made, "DatadogMetric", "datadog-traefik-DatadogMetric").inputs;
    expect(at(metric, "metadata", "namespace")).toBe("vibecode-ingress");
    expect(at(metric, "spec", "query")).toBe(everything.autoscaling.traefik.metric.query);
  });

  test("takes pods away more slowly than it adds them", () => {
    const [manifest] = autoscaler(watermarks);
    const seconds = (key: string) => Number(at(manifest, "spec", key));
    expect(seconds("downscaleForbiddenWindowSeconds")).toBeGreaterThan(
      seconds("upscaleForbiddenWindowSeconds"),
    );
    expect(seconds("downscaleDelayBelowWatermarkSeconds")).toBeGreaterThan(
      seconds("upscaleDelayAboveWatermarkSeconds"),
    );
  });
});

const crd = (name: string) => join(upstreamFolder, `${name}.crd.yaml`);
const files: Record<string, [string, string]> = {
  DatadogAgent: ["datadogagents", "v2alpha1"],
  WatermarkPodAutoscaler: ["watermarkpodautoscalers", "v1alpha1"],
  DatadogMetric: ["datadogmetrics", "v1alpha1"],
  DatadogPodAutoscaler: ["datadogpodautoscalers", "v1alpha2"],
};
const schemas = existsSync(crd("datadogagents")) ? describe : describe.skip;

const definition = z.looseObject({
  spec: z.looseObject({
    versions: z.array(
      z.looseObject({ name: z.string(), schema: z.looseObject({ openAPIV3Schema: z.unknown() }) }),
    ),
  }),
});

/** The schema of a kind's spec, closed: an API server drops what it does not know. */
function upstream(kind: string): z.ZodType {
  const [file = "", version = ""] = files[kind] ?? [];
  const { spec } = definition.parse(parse(readFileSync(crd(file), "utf8")));
  const found = spec.versions.find(({ name }) => name === version);
  return z.fromJSONSchema(
    z.record(z.string(), z.json()).parse(closed(at(found?.schema.openAPIV3Schema, "properties", "spec"))),
  );
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  // A number or a text, where the text has a pattern: only JSON Schema's readers of Kubernetes know it by that name.
  if ("x-kubernetes-int-or-string" in schema) return { type: ["string", "integer"] };
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "properties" in inner && !("additionalProperties" in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}

schemas("the kinds' own definitions (skipped: no upstream schemas)", () => {
  test.each(Object.entries(variants))("accept all that is asked with %s", async (_, { settings }) => {
    for (const one of ofDatadog(await make(place(settings))))
      expect([kindOf(one), problems(upstream(kindOf(one)), one)]).toEqual([kindOf(one), undefined]);
  });

  test("refuse a field that they do not know, and a value that is none", async () => {
    const made = ofDatadog(await make(place(everything)));
    const spec = (kind: string) =>
      z.record(z.string(), z.unknown()).parse(at(made.find((one) => kindOf(one) === kind)?.inputs, "spec"));
    expect(upstream("DatadogAgent").safeParse({ ...spec("DatadogAgent"), feature: {} }).success).toBe(false);
    expect(upstream("DatadogMetric").safeParse({ query: 1 }).success).toBe(false);
    expect(
      upstream("DatadogPodAutoscaler").safeParse({ ...spec("DatadogPodAutoscaler"), owner: "Nobody" })
        .success,
    ).toBe(false);
    expect(
      upstream("WatermarkPodAutoscaler").safeParse({ ...spec("WatermarkPodAutoscaler"), minReplicas: 0 })
        .success,
    ).toBe(false);
  });
});
