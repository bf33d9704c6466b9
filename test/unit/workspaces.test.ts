import { warningsOf, workspacesOf, type Workspace } from "../../local/workspaces";

const labels = { "vibecode/user": "alice", app: "editor" };

const deployment = (replicas = 1, conditions: object[] = []) => ({
  kind: "Deployment",
  metadata: { labels, name: "editor", namespace: "ws-alice" },
  spec: {
    replicas,
    template: {
      spec: { containers: [{ name: "editor", resources: { limits: { cpu: "2", memory: "4Gi" } } }] },
    },
  },
  status: { conditions },
});

const pod = (status: object, metadata: object = {}) => ({
  kind: "Pod",
  metadata: {
    labels,
    name: "editor-1",
    namespace: "ws-alice",
    creationTimestamp: "2026-11-21T10:00:00Z",
    ...metadata,
  },
  status: { phase: "Running", ...status },
});

const editor = (fields: object) => ({
  containerStatuses: [{ name: "editor", ready: false, restartCount: 0, ...fields }],
});
const prepare = (state: object) => ({
  initContainerStatuses: [{ name: "prepare", ready: false, restartCount: 0, state }],
});
const ready = editor({ ready: true, state: { running: {} } });
const initializing = editor({ state: { waiting: { reason: "PodInitializing" } } });

function alice(...items: object[]): Workspace | undefined {
  return workspacesOf({ items }).get("alice");
}

test.each<[string, object[], Workspace["state"], string[]]>([
  ["ready", [deployment(), pod(ready)], "ready", []],
  ["without a pod yet", [deployment()], "starting", []],
  ["being prepared", [deployment(), pod({ ...prepare({ running: {} }), ...initializing })], "starting", []],
  ["stopped", [deployment(0)], "stopped", []],
  [
    "still ending",
    [deployment(0), pod(ready, { deletionTimestamp: "2026-11-21T10:01:00Z" })],
    "stopping",
    [],
  ],
  [
    "refused by its quota",
    [
      deployment(1, [
        {
          type: "ReplicaFailure",
          status: "True",
          reason: "FailedCreate",
          message: "exceeded quota: workspace",
        },
      ]),
    ],
    "failing",
    ["FailedCreate: exceeded quota: workspace"],
  ],
  [
    "placed nowhere",
    [
      deployment(),
      pod({
        phase: "Pending",
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/3 nodes are available",
          },
        ],
      }),
    ],
    "failing",
    ["Unschedulable: 0/3 nodes are available"],
  ],
  [
    "without its image",
    [
      deployment(),
      pod({
        ...prepare({ waiting: { reason: "ImagePullBackOff", message: "no such image\nmore" } }),
        ...initializing,
      }),
    ],
    "failing",
    ["ImagePullBackOff: no such image"],
  ],
  [
    "ended again and again",
    [
      deployment(),
      pod(
        editor({
          restartCount: 4,
          state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } },
          lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } },
        }),
      ),
    ],
    "failing",
    ["CrashLoopBackOff: back-off 40s", "the editor was started again after it ran out of memory"],
  ],
  [
    "replaced: the pod that ends says nothing of the new one",
    [
      deployment(),
      pod(ready, { deletionTimestamp: "2026-11-21T10:01:00Z", creationTimestamp: "2026-11-21T10:02:00Z" }),
      pod(initializing),
    ],
    "starting",
    [],
  ],
])("a workspace that is %s", (_, items, state, problems) => {
  expect(alice(...items)).toMatchObject({ state, problems });
});

test("each line that the preparation left is a problem, and the editor is ready nevertheless", () => {
  const message = "extension foo.bar: no such extension\ndotfiles: the clone took longer than 60 s\n";
  expect(
    alice(deployment(), pod({ ...prepare({ terminated: { reason: "Completed", message } }), ...ready })),
  ).toEqual({
    state: "ready",
    size: "2 CPU, 4Gi",
    restarts: 0,
    problems: ["extension foo.bar: no such extension", "dotfiles: the clone took longer than 60 s"],
    pod: "ws-alice/editor-1",
  });
});

test("restarts are counted, and the last one's cause is told", () => {
  const lastState = { terminated: { reason: "Error", exitCode: 1 } };
  expect(alice(deployment(), pod(editor({ ready: true, restartCount: 2, lastState })))).toMatchObject({
    state: "ready",
    restarts: 2,
    problems: ["the editor was started again after it ended with status 1"],
  });
});

test("of a pod's warnings the latest is told, and none of a probe that is not answered yet", () => {
  const event = (reason: string, message: string, lastTimestamp: string) => ({
    metadata: { creationTimestamp: "2026-11-21T10:00:00Z" },
    involvedObject: { kind: "Pod", namespace: "ws-alice", name: "editor-1" },
    reason,
    message,
    lastTimestamp,
  });
  const items = [
    event("FailedCreatePodSandBox", "no user namespaces", "2026-11-21T10:03:00Z"),
    event("FailedMount", "volume busy", "2026-11-21T10:01:00Z"),
    event("Unhealthy", "connection refused", "2026-11-21T10:04:00Z"),
  ];
  expect([...warningsOf({ items })]).toEqual([
    ["ws-alice/editor-1", "FailedCreatePodSandBox: no user namespaces"],
  ]);
});
