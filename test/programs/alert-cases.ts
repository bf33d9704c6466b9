/** Series by their name with labels, and values as promtool writes them: `0+1x10` grows ten times by one, a minute each. */
export type Series = Readonly<Record<string, string>>;

export interface Case {
  /** What is so, as a clause: `its volume is at 86 %`. */
  when: string;
  series: Series;
  /** Minutes after which the alert is asked for. */
  at: number;
  /** Labels of what fires then, without severity and cluster. */
  fires: readonly Readonly<Record<string, string>>[];
}

const ksm = 'job="kube-state-metrics"';
const alice = 'namespace="ws-alice"';
const pod = `${ksm},${alice},pod="editor-1"`;
const editor = `${pod},container="editor"`;
const firing = (labels: Record<string, string> = {}) => [labels];
const ofAlice = firing({ namespace: "ws-alice" });

const waits = (reason: string, where = editor) =>
  `kube_pod_container_status_waiting_reason{${where},reason="${reason}"}`;
const deployment = (
  replicas: number | string,
  available: number | string,
  where = `${alice},deployment="editor"`,
) => ({
  [`kube_deployment_spec_replicas{${ksm},${where}}`]: `${replicas}`,
  [`kube_deployment_status_replicas_available{${ksm},${where}}`]: `${available}`,
});
const volume = (
  values: Readonly<Record<string, string>>,
  where = `${alice},persistentvolumeclaim="home"`,
): Series =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `kubelet_volume_stats_${name}{job="kubelet",node="n1",${where}}`,
      value,
    ]),
  );
const ownVolume = 'namespace="vibecode-monitoring",persistentvolumeclaim="prometheus"';
const home = firing({ namespace: "ws-alice", persistentvolumeclaim: "home" });
const quota = (resource: string, hard: number, used: number) => ({
  [`kube_resourcequota{${ksm},${alice},resourcequota="workspace",resource="${resource}",type="hard"}`]: `${hard}x30`,
  [`kube_resourcequota{${ksm},${alice},resourcequota="workspace",resource="${resource}",type="used"}`]: `${used}x30`,
});
const authelia = (code: number, values: string) => ({
  [`authelia_request{job="authelia",code="${code}",method="GET"}`]: values,
});
const service = (name: string, code: number, values: string) => ({
  [`traefik_service_requests_total{job="traefik",service="${name}",code="${code}"}`]: values,
});
const signInPages = "vibecode-ingress-sign-in-http@kubernetes";
const condition = (name: string, status: string) => ({
  [`kube_node_status_condition{${ksm},node="n1",condition="${name}",status="${status}"}`]: "1x20",
});
const node = (metric: string, value: number, more = "") => ({
  [`node_${metric}{job="node",node="n1"${more}}`]: `${value}x20`,
});
const cronjob = (name: string, value: number, job = "postgres-dump", namespace = "vibecode-auth") => ({
  [`kube_cronjob_${name}{${ksm},namespace="${namespace}",cronjob="${job}"}`]: `${value}x400`,
});
const certificate = (instance: string, serial: number, day: number) => ({
  [`traefik_tls_certs_not_after{job="traefik",instance="${instance}",cn="dev",sans="*.dev,dev",serial="${serial}"}`]: `${day * 86_400}x120`,
});
/** All jobs with a target that answers, but those that are given otherwise. */
const targets = (others: Readonly<Record<string, string | undefined>> = {}): Series => {
  const jobs = ["prometheus", "alertmanager", "kubernetes-apiserver", "kubelet", "cadvisor", "node"];
  const up = Object.fromEntries([...jobs, "kube-state-metrics", "traefik"].map((job) => [job, "1x20"]));
  return Object.fromEntries(
    Object.entries({ ...up, ...others }).flatMap(([job, values]) =>
      values === undefined ? [] : [[`up{job="${job}",instance="one"}`, values]],
    ),
  );
};
const own = (metric: string, values: string) => ({ [`prometheus_${metric}{job="prometheus"}`]: values });
const manager = (metric: string, values: string) => ({
  [`alertmanager_${metric}{job="alertmanager"}`]: values,
});
/** Prometheus and Alertmanager that do what they should. */
const well = {
  ...own("notifications_alertmanagers_discovered", "1x30"),
  ...own("notifications_dropped_total", "3x30"),
  ...own("notifications_errors_total", "3x30"),
  ...own("config_last_reload_successful", "1x30"),
  ...own("rule_evaluation_failures_total", "3x30"),
  ...own("rule_group_iterations_missed_total", "3x30"),
  ...manager("notifications_failed_total", "3x30"),
  ...manager("config_last_reload_successful", "1x30"),
};

/** By the watch's id: what it tells of, and what it does not. */
export const cases: Readonly<Record<string, readonly Case[]>> = {
  "workspace-crash-loop": [
    {
      when: "the editor ends whenever it has run for a moment",
      // Waits for a minute, runs for two, for ever.
      series: { [waits("CrashLoopBackOff")]: "_x2 1 _ _ 1 _ _ 1 _ _ 1 _ _ 1 _ _" },
      at: 12,
      fires: ofAlice,
    },
    {
      when: "what prepares the home does",
      series: {
        [`kube_pod_init_container_status_waiting_reason{${pod},container="prepare",reason="CrashLoopBackOff"}`]:
          "1x20",
      },
      at: 12,
      fires: ofAlice,
    },
    {
      when: "the editor ended twice and runs again",
      series: { [waits("CrashLoopBackOff")]: "1 stale" },
      at: 12,
      fires: [],
    },
    {
      when: "it waits for its image",
      series: { [waits("ContainerCreating")]: "1x20" },
      at: 12,
      fires: [],
    },
    {
      when: "what somebody started beside the editor does",
      series: { [waits("CrashLoopBackOff", `${pod},container="mine"`)]: "1x20" },
      at: 12,
      fires: [],
    },
    {
      when: "a pod of the platform's does, which is no workspace",
      series: {
        [waits("CrashLoopBackOff", `${ksm},namespace="vibecode-auth",pod="a",container="editor"`)]: "1x20",
      },
      at: 12,
      fires: [],
    },
  ],
  "workspace-not-ready": [
    {
      when: "its pod has not answered for ten minutes",
      series: deployment("1x20", "0x20"),
      at: 11,
      fires: ofAlice,
    },
    {
      when: "there are two kube-state-metrics, for one gives way to the other",
      series: {
        ...deployment("1x20", "0x20"),
        ...deployment("1x20", "0x20", `${alice},deployment="editor",instance="another"`),
      },
      at: 11,
      fires: ofAlice,
    },
    { when: "it starts, slowly", series: deployment("1x20", "0x8 1x12"), at: 15, fires: [] },
    { when: "it is stopped", series: deployment("0x20", "0x20"), at: 15, fires: [] },
    {
      when: "a Deployment of its person's own does not answer",
      series: deployment("1x20", "0x20", `${alice},deployment="mine"`),
      at: 15,
      fires: [],
    },
  ],
  "workspace-out-of-memory": [
    {
      when: "its container ran out of memory and starts again",
      series: {
        [`kube_pod_container_status_restarts_total{${editor}}`]: "0x5 1x10",
        [`kube_pod_container_status_last_terminated_reason{${editor},reason="OOMKilled"}`]: "_x5 1x10",
      },
      at: 8,
      fires: ofAlice,
    },
    {
      when: "a program in it did",
      series: {
        [`container_oom_events_total{job="cadvisor",${alice},pod="e",container="editor"}`]: "0x5 2x10",
      },
      at: 8,
      fires: ofAlice,
    },
    {
      when: "that was long ago",
      series: {
        [`kube_pod_container_status_restarts_total{${editor}}`]: "0x5 1x40",
        [`kube_pod_container_status_last_terminated_reason{${editor},reason="OOMKilled"}`]: "_x5 1x40",
        [`container_oom_events_total{job="cadvisor",${alice},pod="e",container="editor"}`]: "0x5 2x40",
      },
      at: 40,
      fires: [],
    },
    {
      when: "the editor ended for another reason",
      series: {
        [`kube_pod_container_status_restarts_total{${editor}}`]: "0x5 1x10",
        [`kube_pod_container_status_last_terminated_reason{${editor},reason="Error"}`]: "_x5 1x10",
      },
      at: 8,
      fires: [],
    },
  ],
  "workspace-disk-filling": [
    {
      when: "its volume is at 86 %",
      series: volume({ available_bytes: "14x20", capacity_bytes: "100x20" }),
      at: 6,
      fires: home,
    },
    {
      when: "it has bytes left, and no inodes",
      series: volume({
        available_bytes: "50x20",
        capacity_bytes: "100x20",
        inodes_free: "5x20",
        inodes: "100x20",
      }),
      at: 6,
      fires: home,
    },
    {
      when: "it is at 84 %",
      series: volume({ available_bytes: "16x20", capacity_bytes: "100x20" }),
      at: 20,
      fires: [],
    },
    {
      when: "a build fills it for a moment",
      series: volume({ available_bytes: "14x3 60x20", capacity_bytes: "100x20" }),
      at: 6,
      fires: [],
    },
    {
      when: "its filesystem does not count inodes",
      series: volume({
        available_bytes: "50x20",
        capacity_bytes: "100x20",
        inodes_free: "0x20",
        inodes: "0x20",
      }),
      at: 20,
      fires: [],
    },
    {
      when: "a volume of the platform's is full",
      series: volume(
        { available_bytes: "1x20", capacity_bytes: "100x20" },
        'namespace="vibecode-auth",persistentvolumeclaim="data"',
      ),
      at: 20,
      fires: [],
    },
  ],
  "workspace-disk-full-soon": [
    {
      when: "six hours took it from 40 to 64 %, as fast as 24 need no more",
      series: volume({ available_bytes: "6000-6.67x420", capacity_bytes: "10000x420" }),
      at: 400,
      fires: home,
    },
    {
      when: "it grows so slowly that a day does not fill it",
      series: volume({ available_bytes: "4000-1x420", capacity_bytes: "10000x420" }),
      at: 400,
      fires: [],
    },
    {
      when: "it grows fast and is far from full, as after a first clone",
      series: volume({ available_bytes: "10000-10x420", capacity_bytes: "10000x420" }),
      at: 400,
      fires: [],
    },
  ],
  "workspace-quota-reached": [
    {
      when: "it has as many Secrets as it may",
      series: quota("count/secrets", 20, 19),
      at: 16,
      fires: firing({ namespace: "ws-alice", resource: "count/secrets" }),
    },
    {
      when: "a quota for several pods has no memory left",
      series: { ...quota("pods", 5, 3), ...quota("limits.memory", 100, 100) },
      at: 16,
      fires: firing({ namespace: "ws-alice", resource: "limits.memory" }),
    },
    {
      when: "a pod was refused",
      series: {
        [`kube_deployment_status_condition{${ksm},${alice},deployment="editor",condition="ReplicaFailure",status="true"}`]:
          "1x30",
      },
      at: 16,
      fires: firing({ namespace: "ws-alice", resource: "a pod was refused" }),
    },
    {
      when: "the editor uses all of a quota that is for it alone",
      series: { ...quota("pods", 1, 1), ...quota("limits.memory", 100, 100), ...quota("limits.cpu", 2, 2) },
      at: 30,
      fires: [],
    },
    {
      when: "nothing may be made of a kind",
      series: { ...quota("services.loadbalancers", 0, 0), ...quota("count/jobs.batch", 0, 0) },
      at: 30,
      fires: [],
    },
  ],
  "sign-in-errors": [
    {
      when: "Authelia answers one of ten with an error",
      series: { ...authelia(200, "0+90x20"), ...authelia(502, "0+10x20") },
      at: 12,
      fires: firing(),
    },
    {
      when: "no pod of sign-in answers",
      series: deployment("2x20", "0x20", 'namespace="vibecode-auth",deployment="authelia"'),
      at: 6,
      fires: firing(),
    },
    {
      when: "the database has no pod that answers",
      series: {
        [`kube_statefulset_replicas{${ksm},namespace="vibecode-auth",statefulset="postgres"}`]: "1x20",
        [`kube_statefulset_status_replicas_ready{${ksm},namespace="vibecode-auth",statefulset="postgres"}`]:
          "0x20",
      },
      at: 6,
      fires: firing(),
    },
    {
      when: "no pod of oauth2-proxy answers",
      series: deployment("1x20", "0x20", 'namespace="vibecode-auth",deployment="oauth2-proxy"'),
      at: 6,
      fires: firing(),
    },
    {
      when: "its pages answer one of ten with an error, whoever makes them",
      series: { ...service(signInPages, 200, "0+9x20"), ...service(signInPages, 502, "0+1x20") },
      at: 12,
      fires: firing(),
    },
    {
      when: "a page failed once, when hardly anybody asked",
      series: { ...service(signInPages, 200, "1x20"), ...service(signInPages, 502, "0x5 1x15") },
      at: 12,
      fires: [],
    },
    {
      when: "a workspace answers errors, and sign-in's pages do not",
      series: { ...service(signInPages, 200, "0+1x20"), ...service("ws-alice", 502, "0+90x20") },
      at: 12,
      fires: [],
    },
    {
      when: "a store's exporter has no pod that answers",
      series: {
        ...deployment("1x20", "0x20", 'namespace="vibecode-auth",deployment="postgres-exporter"'),
        ...deployment("2x20", "2x20", 'namespace="vibecode-auth",deployment="authelia"'),
      },
      at: 12,
      fires: [],
    },
    {
      when: "one error in a hundred",
      series: { ...authelia(200, "0+99x20"), ...authelia(500, "0+1x20") },
      at: 12,
      fires: [],
    },
    {
      when: "people type wrong passwords",
      series: { ...authelia(200, "0+10x20"), ...authelia(401, "0+90x20") },
      at: 12,
      fires: [],
    },
    {
      when: "one of two pods answers",
      series: deployment("2x20", "1x20", 'namespace="vibecode-auth",deployment="authelia"'),
      at: 12,
      fires: [],
    },
  ],
  "sign-in-brute-force": [
    {
      when: "six passwords a minute are wrong",
      series: { 'authelia_authn{job="authelia",instance="a",success="false",banned="false"}': "0+6x20" },
      at: 10,
      fires: firing(),
    },
    {
      when: "so are second factors",
      series: {
        'authelia_authn_second_factor{job="authelia",instance="a",success="false",banned="false",type="totp"}':
          "0+6x20",
      },
      at: 10,
      fires: firing(),
    },
    {
      when: "forty are the first that this Authelia saw, and over before it is asked again",
      series: {
        'up{job="authelia",instance="a"}': "1x20",
        'authelia_authn{job="authelia",instance="a",success="false",banned="false"}': "_x10 40x10",
      },
      at: 11,
      fires: firing(),
    },
    {
      when: "hundreds of requests have a wrong password for basic authentication",
      series: {
        'traefik_entrypoint_requests_total{job="traefik",instance="t",entrypoint="websecure",code="401"}':
          "0+100x20",
      },
      at: 10,
      fires: firing(),
    },
    {
      when: "people mistype, a whole team one minute after the other",
      series: { 'authelia_authn{job="authelia",instance="a",success="false",banned="false"}': "0+2x20" },
      at: 15,
      fires: [],
    },
    {
      when: "everybody signs in at nine",
      series: { 'authelia_authn{job="authelia",instance="a",success="true",banned="false"}': "0+60x20" },
      at: 10,
      fires: [],
    },
    {
      when: "Prometheus is new and finds an Authelia with years of mistakes",
      series: {
        'up{job="authelia",instance="a"}': "_x5 1x20",
        'authelia_authn{job="authelia",instance="a",success="false",banned="false"}': "_x5 4000x20",
      },
      at: 7,
      fires: [],
    },
    {
      when: "editors whose session has ended ask again",
      series: {
        'traefik_entrypoint_requests_total{job="traefik",instance="t",entrypoint="websecure",code="401"}':
          "0+20x20",
      },
      at: 10,
      fires: [],
    },
  ],
  "certificate-expiry": [
    {
      when: "it is valid for ten days",
      series: certificate("a", 1, 10),
      at: 61,
      fires: firing({ sans: "*.dev,dev" }),
    },
    {
      when: "one Traefik of two did not see the new one",
      series: { ...certificate("a", 1, 10), ...certificate("b", 1, 10), ...certificate("b", 2, 90) },
      at: 61,
      fires: firing({ sans: "*.dev,dev" }),
    },
    {
      when: "it was renewed",
      series: { ...certificate("a", 1, 10), ...certificate("a", 2, 90) },
      at: 61,
      fires: [],
    },
    { when: "it is valid for three weeks", series: certificate("a", 1, 21), at: 61, fires: [] },
  ],
  "ingress-errors": [
    {
      when: "two workspaces answer a tenth of all with errors",
      series: {
        ...service("ws-alice", 200, "0+90x30"),
        ...service("ws-alice", 502, "0+10x30"),
        ...service("ws-bob", 502, "0+10x30"),
      },
      at: 20,
      fires: firing(),
    },
    {
      when: "there is no Traefik",
      series: deployment("2x30", "0x30", 'namespace="vibecode-ingress",deployment="traefik"'),
      at: 20,
      fires: firing(),
    },
    {
      when: "one workspace is down, and its tabs ask all the time",
      series: { ...service("ws-alice", 200, "0+10x30"), ...service("ws-bob", 502, "0+90x30") },
      at: 20,
      fires: [],
    },
    {
      when: "three in a hundred fail",
      series: {
        ...service("ws-alice", 200, "0+97x30"),
        ...service("ws-alice", 502, "0+2x30"),
        ...service("ws-bob", 502, "0+1x30"),
      },
      at: 20,
      fires: [],
    },
    {
      when: "something beside Traefik has no pod that answers",
      series: deployment("1x30", "0x30", 'namespace="vibecode-ingress",deployment="mine"'),
      at: 20,
      fires: [],
    },
    {
      when: "everybody asks for what is not there",
      series: { ...service("ws-alice", 404, "0+90x30"), ...service("ws-bob", 404, "0+90x30") },
      at: 20,
      fires: [],
    },
  ],
  "node-pressure": [
    {
      when: "a node runs out of memory",
      series: condition("MemoryPressure", "true"),
      at: 6,
      fires: firing({ node: "n1", condition: "MemoryPressure" }),
    },
    {
      when: "a node is lost",
      series: condition("Ready", "unknown"),
      at: 6,
      fires: firing({ node: "n1", condition: "Ready" }),
    },
    {
      when: "its disk is at 95 %",
      series: {
        ...node("filesystem_avail_bytes", 5, ',mountpoint="/"'),
        ...node("filesystem_size_bytes", 100, ',mountpoint="/"'),
      },
      at: 6,
      fires: firing({ node: "n1", condition: "disk almost full" }),
    },
    {
      when: "4 % of its memory can be had",
      series: { ...node("memory_MemAvailable_bytes", 4), ...node("memory_MemTotal_bytes", 100) },
      at: 6,
      fires: firing({ node: "n1", condition: "memory almost used up" }),
    },
    {
      when: "it is well",
      series: {
        ...condition("Ready", "true"),
        ...condition("DiskPressure", "false"),
        ...node("memory_MemAvailable_bytes", 30),
        ...node("memory_MemTotal_bytes", 100),
        ...node("filesystem_avail_bytes", 30, ',mountpoint="/"'),
        ...node("filesystem_size_bytes", 100, ',mountpoint="/"'),
      },
      at: 15,
      fires: [],
    },
    {
      when: "a small filesystem that nobody writes to is full",
      series: {
        ...node("filesystem_avail_bytes", 1, ',mountpoint="/boot/efi"'),
        ...node("filesystem_size_bytes", 100, ',mountpoint="/boot/efi"'),
      },
      at: 15,
      fires: [],
    },
  ],
  "backup-late": [
    {
      when: "the last one failed three hours ago",
      series: { ...cronjob("status_last_schedule_time", 600), ...cronjob("status_last_successful_time", 0) },
      at: 200,
      fires: firing({ namespace: "vibecode-auth", cronjob: "postgres-dump" }),
    },
    {
      when: "none has ever succeeded",
      series: cronjob("status_last_schedule_time", 600),
      at: 200,
      fires: firing({ namespace: "vibecode-auth", cronjob: "postgres-dump" }),
    },
    {
      when: "it did not even begin",
      series: {
        ...cronjob("status_last_schedule_time", 0),
        ...cronjob("status_last_successful_time", 60),
        ...cronjob("next_schedule_time", 600),
      },
      at: 200,
      fires: firing({ namespace: "vibecode-auth", cronjob: "postgres-dump" }),
    },
    {
      when: "the last one succeeded, and the next is a week away",
      series: {
        ...cronjob("status_last_schedule_time", 0),
        ...cronjob("status_last_successful_time", 60),
        ...cronjob("next_schedule_time", 604_800),
      },
      at: 300,
      fires: [],
    },
    {
      when: "it still runs",
      series: { ...cronjob("status_last_schedule_time", 600), ...cronjob("status_last_successful_time", 0) },
      at: 100,
      fires: [],
    },
    {
      when: "a job that makes no backup fails",
      series: cronjob("status_last_schedule_time", 600, "cleanup"),
      at: 300,
      fires: [],
    },
    {
      when: "a job of somebody's own calls itself one",
      series: cronjob("status_last_schedule_time", 600, "backup", "ws-alice"),
      at: 300,
      fires: [],
    },
  ],
  "monitoring-down": [
    {
      when: "two nodes' kubelets do not answer",
      series: {
        ...targets(),
        'up{job="kubelet",instance="n1"}': "0x20",
        'up{job="kubelet",instance="n2"}': "0x20",
      },
      at: 11,
      fires: firing({ job: "kubelet" }),
    },
    {
      when: "nobody has seen kube-state-metrics",
      series: targets({ "kube-state-metrics": undefined }),
      at: 11,
      fires: firing({ job: "kube-state-metrics" }),
    },
    { when: "all answer", series: targets(), at: 15, fires: [] },
    { when: "one restarts", series: targets({ alertmanager: "1x3 0x4 1x13" }), at: 15, fires: [] },
    {
      when: "a job of the cluster's own does not answer",
      series: { ...targets(), 'up{job="somebody-elses",instance="x"}': "0x20" },
      at: 15,
      fires: [],
    },
  ],
  "prometheus-storage": [
    {
      when: "its volume is at 95 %",
      series: volume({ available_bytes: "5x20", capacity_bytes: "100x20" }, ownVolume),
      at: 11,
      fires: firing(),
    },
    {
      when: "its volume was seen at 95 % once, and is full, so that not even that is stored any more",
      series: volume({ available_bytes: "50x11 5 _x30", capacity_bytes: "100x12 _x30" }, ownVolume),
      at: 40,
      fires: firing(),
    },
    {
      when: "its volume was full, and has room again",
      series: volume({ available_bytes: "5x12 _x10 60x20", capacity_bytes: "100x12 _x10 100x20" }, ownVolume),
      at: 30,
      fires: [],
    },
    {
      when: "it cannot write",
      series: own("tsdb_wal_writes_failed_total", "0x2 1+1x20"),
      at: 20,
      fires: firing(),
    },
    {
      when: "it writes, and its volume is half full",
      series: {
        ...own("tsdb_wal_writes_failed_total", "0x40"),
        ...own("tsdb_compactions_failed_total", "0x40"),
        ...volume({ available_bytes: "50x40", capacity_bytes: "100x40" }, ownVolume),
      },
      at: 30,
      fires: [],
    },
  ],
  "alert-delivery-failing": [
    {
      when: "a receiver refuses",
      series: { ...well, ...manager("notifications_failed_total", "0+1x30") },
      at: 20,
      fires: firing(),
    },
    {
      when: "Prometheus knows no Alertmanager",
      series: { ...well, ...own("notifications_alertmanagers_discovered", "0x30") },
      at: 20,
      fires: firing(),
    },
    {
      when: "Alertmanager does not answer",
      series: { ...well, ...own("notifications_errors_total", "0+1x30") },
      at: 20,
      fires: firing(),
    },
    { when: "alerts arrive", series: well, at: 30, fires: [] },
  ],
  "prometheus-rules-failing": [
    {
      when: "a rule finds two where it needs one",
      series: { ...well, ...own("rule_evaluation_failures_total", "0+1x30") },
      at: 20,
      fires: firing(),
    },
    {
      when: "its new configuration was refused",
      series: { ...well, ...own("config_last_reload_successful", "0x30") },
      at: 20,
      fires: firing(),
    },
    { when: "all are judged", series: well, at: 30, fires: [] },
  ],
};
