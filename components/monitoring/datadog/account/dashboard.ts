interface DashboardArgs {
  title: string;
  /** Scope of the cluster's metrics: `kube_cluster_name:production`. */
  scope: string;
  /** Queries of Traefik's requests, by what they are called. */
  requests: Record<string, string>;
  /** Queries of what sign-in did, by what it is called. */
  signIn: Record<string, string>;
  /** Tag by which the stack's monitors and objectives are found. */
  tag: string;
}

/** What runs, who uses what, and what breaks, on one page: the JSON that Datadog takes. */
export function dashboard({ title, scope, requests, signIn, tag }: DashboardArgs): unknown {
  const editors = `${scope},kube_deployment:editor`;
  const own = `${editors},$user`;
  const ready = `sum:kubernetes_state.deployment.replicas_ready{${editors}}`;
  const desired = `sum:kubernetes_state.deployment.replicas_desired{${editors}}`;
  const home = (what: string) =>
    `max:kubernetes.kubelet.volume.stats.${what}{${scope},persistentvolumeclaim:home,$user} by {vibecode_user}`;
  return {
    title,
    description: "Made by the stack: what is changed here by hand is undone by the next `pulumi up`.",
    layout_type: "ordered",
    template_variables: [{ name: "user", prefix: "vibecode_user", defaults: ["*"] }],
    widgets: [
      group("Promises", [
        { type: "slo_list", title: "Objectives", requests: [objectiveList(tag)] },
        { type: "manage_status", title: "What is wrong", query: `tag:(${tag})`, summary_type: "monitors" },
      ]),
      group("Workspaces", [
        number("Running", { a: ready }, "a"),
        number("Waiting", { a: desired, b: ready }, "a - b"),
        lines(
          "CPU a user, cores",
          { a: `sum:container.cpu.usage{${own}} by {vibecode_user}` },
          { used: "a / 1000000000" },
        ),
        lines("Memory a user", { a: `sum:container.memory.usage{${own}} by {vibecode_user}` }, { used: "a" }),
        lines(
          "Home in use, percent",
          { a: home("used_bytes"), b: home("capacity_bytes") },
          { used: "a / b * 100" },
        ),
        lines(
          "Restarts",
          { a: `sum:kubernetes.containers.restarts{${own}} by {vibecode_user}` },
          { restarts: "a" },
        ),
      ]),
      group("Ingress", [each("Requests", requests)]),
      group("Sign-in", [each("Sign-ins", signIn)]),
      group("Nodes", [
        lines("CPU in use, percent", { a: `avg:system.cpu.idle{${scope}} by {host}` }, { used: "100 - a" }),
        lines(
          "Memory left, percent",
          { a: `avg:system.mem.pct_usable{${scope}} by {host}` },
          { left: "a * 100" },
        ),
      ]),
    ],
  };
}

const group = (title: string, definitions: object[]) => ({
  definition: {
    type: "group",
    layout_type: "ordered",
    title,
    widgets: definitions.map((definition) => ({ definition })),
  },
});

const objectiveList = (tag: string) => ({
  request_type: "slo_list",
  query: { query_string: `tags:("${tag}")`, limit: 10 },
});

/** Queries by the letter that stands for each in the formulas, and formulas by what people read. */
const metrics = (
  queries: Record<string, string>,
  formulas: Record<string, string>,
  response: "timeseries" | "scalar",
) => ({
  response_format: response,
  queries: Object.entries(queries).map(([name, query]) => ({
    name,
    data_source: "metrics",
    query,
    ...(response === "scalar" ? { aggregator: "last" } : {}),
  })),
  formulas: Object.entries(formulas).map(([alias, formula]) => ({ alias, formula })),
});

const number = (title: string, queries: Record<string, string>, formula: string) => ({
  type: "query_value",
  title,
  autoscale: false,
  precision: 0,
  requests: [metrics(queries, { [title]: formula }, "scalar")],
});

const lines = (title: string, queries: Record<string, string>, formulas: Record<string, string>) => ({
  type: "timeseries",
  title,
  show_legend: true,
  requests: [{ display_type: "line", ...metrics(queries, formulas, "timeseries") }],
});

/** Each query as a line of its own. */
const each = (title: string, queries: Record<string, string>) => {
  const named = Object.entries(queries).map(
    ([alias, query], index) => [alias, query, `query${index + 1}`] as const,
  );
  return lines(
    title,
    Object.fromEntries(named.map(([, query, name]) => [name, query])),
    Object.fromEntries(named.map(([alias, , name]) => [alias, name])),
  );
};
