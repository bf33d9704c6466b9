import { z } from "zod";

import type { Mistake, Volumes } from "./checks";
import { domain } from "./values";
import { clusterOf, views, type View } from "./views";

type Values = Record<string, unknown>;

/** What holds between a stack's clusters, and between them and where the last `up` put people. Reads raw values. */
export function clusterMistakes(values: Values, volumes: Readonly<Record<string, Volumes>>): Mistake[] {
  const all = views(values);
  if (values["clusters"] === undefined)
    return [...surplus(values, ["cluster", "movedFrom"]), ...abandoned(all, volumes)];
  // No cluster can be read, which is said elsewhere.
  if (namesOf(all).length === 0) return [];
  return [
    ...(values["cluster"] === undefined
      ? []
      : [
          {
            path: ["cluster"],
            message: "must be left out with clusters: make it one of them, with first: true",
          },
        ]),
    ...manyFirst(all),
    ...twice(all),
    ...nestedDomains(values, all),
    ...retainOf(all),
    ...sharedStores(values),
    ...placement(values, all),
    ...moves(values, all, volumes),
    ...abandoned(all, volumes),
  ];
}

const userKeys = z.looseObject({
  name: z.string().optional().catch(undefined),
  cluster: z.string().optional().catch(undefined),
  movedFrom: z.string().optional().catch(undefined),
});

type User = z.infer<typeof userKeys> & { raw: unknown; index: number };

const usersOf = (values: Values): User[] =>
  (z.array(z.unknown()).safeParse(values["users"]).data ?? []).map((raw, index) => ({
    ...(typeof raw === "string" ? { name: raw } : (userKeys.safeParse(raw).data ?? {})),
    raw,
    index,
  }));

const namesOf = (all: readonly View[]): string[] => all.flatMap(({ name }) => name ?? []);

function surplus(values: Values, keys: readonly ("cluster" | "movedFrom")[]): Mistake[] {
  return usersOf(values).flatMap((user) =>
    keys
      .filter((key) => user[key] !== undefined)
      .map((key) => ({
        path: ["users", user.index, key],
        message: "must be left out: the stack has one cluster",
      })),
  );
}

function manyFirst(all: readonly View[]): Mistake[] {
  const [first, ...others] = all.filter(({ apart }) => apart === undefined);
  return others.map(({ name = "" }) => ({
    path: ["clusters", name, "first"],
    message: `must be true of one cluster alone: it is of ${first?.name ?? ""}`,
  }));
}

const access = z.looseObject({
  cluster: z.looseObject({ kubeconfig: z.string().optional(), context: z.string().optional() }),
});

/** Two clusters that are one would take each other's objects for their own. */
function twice(all: readonly View[]): Mistake[] {
  const known = new Map<string, string>();
  return all.flatMap(({ name = "", values }) => {
    const { data } = access.safeParse(values);
    if (data === undefined) return [];
    const key = JSON.stringify([data.cluster.kubeconfig, data.cluster.context]);
    const earlier = known.get(key);
    if (earlier === undefined) known.set(key, name);
    return earlier === undefined
      ? []
      : [{ path: ["clusters", name, "cluster"], message: `must be another cluster than that of ${earlier}` }];
  });
}

/** A cookie of `example.com` is sent to `eu.example.com` too, and a wildcard of the one names hosts of the other. */
function nestedDomains(values: Values, all: readonly View[]): Mistake[] {
  return all.flatMap(({ name = "", values: { domain: own } }, index) => {
    if (typeof own !== "string") return [];
    const path = ["clusters", name, "domain"];
    const isLong = domain.safeParse(values["domain"]).success && own.length > 200;
    const other = all
      .slice(0, index)
      .find((view) => typeof view.values["domain"] === "string" && isNested(own, view.values["domain"]));
    return [
      ...(isLong && own === `${name}.${String(values["domain"])}`
        ? [{ path, message: `must be given: ${own} is too long` }]
        : []),
      ...(other === undefined
        ? []
        : [
            {
              path,
              message: `must be neither above nor below the domain of ${other.name ?? ""}, ${String(other.values["domain"])}, nor the same; here it is ${own}`,
            },
          ]),
    ];
  });
}

const isNested = (a: string, b: string): boolean => a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);

const retained = z.looseObject({
  storage: z.looseObject({ retain: z.boolean().default(true) }).prefault({}),
});

/** The policy judges a stack as a whole, and so does whoever reads that it is a throw-away one. */
function retainOf(all: readonly View[]): Mistake[] {
  const [first, ...others] = all.flatMap(({ name = "", values }) => {
    const { data } = retained.safeParse(values);
    return data === undefined ? [] : [{ name, retain: data.storage.retain }];
  });
  return others.flatMap(({ name, retain }) =>
    first === undefined || retain === first.retain
      ? []
      : [
          {
            path: ["clusters", name, "storage", "retain"],
            message: `must be ${String(first.retain)}, as on ${first.name}: a stack is for throwing away as a whole`,
          },
        ],
  );
}

const stores = z.looseObject({
  postgres: z.looseObject({ kind: z.unknown() }).optional().catch(undefined),
  valkey: z.looseObject({ kind: z.unknown() }).optional().catch(undefined),
});

/** What one sign-in has encrypted another could not read, and would take for its own. */
function sharedStores({ data }: Values): Mistake[] {
  const found = stores.safeParse(data).data ?? {};
  return (["postgres", "valkey"] as const)
    .filter((store) => found[store]?.kind === "external")
    .map((store) => ({
      path: ["data", store, "kind"],
      message: "must be own with clusters: each has a sign-in of its own, which shares its stores with none",
    }));
}

const clustersOf = ({ clusters }: Values): Values =>
  z.record(z.string(), z.unknown()).safeParse(clusters).data ?? {};

function placement(values: Values, all: readonly View[]): Mistake[] {
  const names = namesOf(all);
  const known = names.join(", ");
  const prefixes = all.some(({ apart }) => apart === undefined)
    ? all.flatMap(({ apart }) => apart ?? [])
    : [];
  return usersOf(values).flatMap((user): Mistake[] => {
    const { raw, index, name = "", movedFrom } = user;
    const path = ["users", index];
    const cluster = clusterOf(raw, clustersOf(values));
    const prefix = prefixes.find((each) => name.startsWith(`${each}-`));
    return [
      ...(cluster === undefined
        ? [
            typeof raw === "string"
              ? {
                  path,
                  message: `must be on a cluster: { name: ${name}, cluster: ${names[0] ?? ""} }, of ${known}`,
                }
              : { path: [...path, "cluster"], message: `must be one of ${known}` },
          ]
        : []),
      ...(cluster !== undefined && !names.includes(cluster)
        ? [{ path: [...path, "cluster"], message: `must be one of ${known}` }]
        : []),
      ...(movedFrom !== undefined && (movedFrom === cluster || !names.includes(movedFrom))
        ? [
            {
              path: [...path, "movedFrom"],
              message: `must be one of ${names.filter((each) => each !== cluster).join(", ")}`,
            },
          ]
        : []),
      ...(prefix === undefined
        ? []
        : [
            {
              path: typeof raw === "string" ? path : [...path, "name"],
              message: `must not begin with ${prefix}-, as the names of what is on the cluster ${prefix} do`,
            },
          ]),
    ];
  });
}

/** Work stays where it is: a user who appears on another cluster would find nothing of it. */
function moves(values: Values, all: readonly View[], volumes: Readonly<Record<string, Volumes>>): Mistake[] {
  return usersOf(values).flatMap(({ raw, index, name = "", movedFrom }) => {
    const had = volumes[name];
    const now = all.find((view) => view.name === clusterOf(raw, clustersOf(values)));
    if (had === undefined || now === undefined || had.cluster === now.apart) return [];
    const before = all.find(({ apart }) => apart === had.cluster);
    // That the cluster is not there any more is said elsewhere.
    if (before?.name === undefined || before.name === movedFrom) return [];
    const from = before.name;
    return [
      {
        path: typeof raw === "string" ? ["users", index] : ["users", index, "cluster"],
        message: `must be ${from}, where the work of ${name} is, and from where nothing is carried over; with movedFrom: ${from} the user begins anew on ${now.name ?? ""}, and ${from} keeps what is there`,
      },
    ];
  });
}

/** What leaves a cluster is marked there by hooks of the program, which it only has while it knows the cluster. */
function abandoned(all: readonly View[], volumes: Readonly<Record<string, Volumes>>): Mistake[] {
  const there = new Set(all.map(({ apart }) => apart));
  const lost = Object.values(volumes).flatMap(({ cluster }) => (there.has(cluster) ? [] : [cluster]));
  return [...new Set(lost)].map((cluster) => {
    const users = Object.entries(volumes).filter(([, volume]) => volume.cluster === cluster);
    const who = users.map(([user]) => user).join(", ");
    return {
      path: ["clusters"],
      message:
        cluster === undefined
          ? `must have first: true in the cluster that the stack had until now: there is the work of ${who}`
          : `must have ${cluster} until an \`up\` has left nobody there: the last one left ${who}`,
    };
  });
}
