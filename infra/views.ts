import { z } from "zod";

const object = z.record(z.string(), z.unknown());
const listed = z.object({ clusters: object.refine((clusters) => Object.keys(clusters).length > 0) });

const entryKeys = z.looseObject({
  first: z.boolean().optional().catch(undefined),
  domain: z.string().optional().catch(undefined),
  cluster: z.looseObject({}).catch({}),
});

/** One cluster of a stack, raw: the config that a stack of this cluster alone would have. */
export interface View {
  /** The cluster's name in `clusters`; undefined where the stack has one cluster. */
  name: string | undefined;
  /** The same where it sets the names of its resources apart; undefined for the first cluster, and the only one. */
  apart: string | undefined;
  values: Record<string, unknown>;
  /** Where in the stack's config lies what is at a path here. */
  at: (path: readonly (string | number)[]) => (string | number)[];
}

/** The config of each cluster of a stack, in the order of `clusters`. Reads raw values and judges none. */
export function views(values: Record<string, unknown>): View[] {
  const clusters = listed.safeParse(values).data?.clusters;
  if (clusters === undefined) return [{ name: undefined, apart: undefined, values, at: (path) => [...path] }];
  const users = z.array(z.unknown()).safeParse(values["users"]).data ?? [];
  return Object.entries(clusters).map(([name, raw]) => {
    const { first = false, domain, cluster, ...own } = entryKeys.safeParse(raw).data ?? entryKeys.parse({});
    const here = users.flatMap((user, index) =>
      clusterOf(user, clusters) === name ? [{ user, index }] : [],
    );
    return {
      name,
      apart: first ? undefined : name,
      values: {
        ...Object.fromEntries(Object.entries(values).filter(([key]) => key !== "clusters")),
        ...own,
        domain: domain ?? (first ? values["domain"] : below(name, values["domain"])),
        // Another identity would be another cluster, so the first one keeps the name that it had.
        cluster: first ? cluster : { name, ...cluster },
        users: here.map(({ user }) => withoutCluster(user)),
      },
      at: ([key = "", ...below]) => {
        const [index, ...rest] = below;
        if (key === "users" && typeof index === "number") return [key, here[index]?.index ?? index, ...rest];
        return key in own || key === "domain" || key === "cluster"
          ? ["clusters", name, key, ...below]
          : [key, ...below];
      },
    };
  });
}

/** A user as on a stack of one cluster. */
function withoutCluster(user: unknown): unknown {
  const { data } = object.safeParse(user);
  if (data === undefined) return user;
  const rest = Object.entries(data).filter(([key]) => key !== "cluster" && key !== "movedFrom");
  return Object.fromEntries(rest);
}

const below = (name: string, domain: unknown): unknown =>
  typeof domain === "string" ? `${name}.${domain}` : undefined;

const placed = z.looseObject({ cluster: z.string() });

/** The cluster that a user's entry names; that of those who name none; undefined where there is no such one. */
export function clusterOf(user: unknown, clusters: Readonly<Record<string, unknown>>): string | undefined {
  const named = placed.safeParse(user).data?.cluster;
  if (named !== undefined) return named;
  const names = Object.keys(clusters);
  const first = names.find((name) => entryKeys.safeParse(clusters[name]).data?.first === true);
  return first ?? (names.length === 1 ? names[0] : undefined);
}
