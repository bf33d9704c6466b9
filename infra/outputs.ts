import type { Auth } from "../components/auth";
import type { Certificates } from "../components/certificates";
import type { Workspace } from "../components/workspace";
import type { Config, Place } from "./config";
import { sharedVolumes } from "./shared-volumes";

/** What was made on one cluster. */
export interface Made {
  place: Place;
  certificates: Certificates;
  auth: Auth;
  workspaces: readonly Workspace[];
}

/** The stack's outputs, of all its clusters together; users are in the order of the stack's file. */
export function outputsOf(config: Config, made: readonly Made[]) {
  const workspaces = new Map(made.flatMap((one) => one.workspaces.map((each) => [each.user, each] as const)));
  const placeOf = new Map(made.flatMap(({ place }) => place.users.map(({ name }) => [name, place] as const)));
  const inOrder = config.users.flatMap(({ name }) => workspaces.get(name) ?? []);
  return {
    /** Where each user's editor is, by the user's name. */
    urls: Object.fromEntries(inOrder.map(({ user, url }) => [user, url])),
    /** What each user types at sign-in, by the user's name. Secret. */
    passwords: Object.fromEntries(made.flatMap(({ auth }) => Object.entries(auth.passwords))),
    /** Public halves of the SSH keys of those who have one, by the user's name. */
    sshKeys: Object.fromEntries(
      inOrder.flatMap(({ user, publicKey }) => (publicKey === undefined ? [] : [[user, publicKey]])),
    ),
    /**
     * Sizes of each user's volumes, by the user's name, and the cluster that they are on unless it is the first one:
     * the next `up` refuses to shrink them, or to begin anew elsewhere without being told to.
     */
    volumes: Object.fromEntries(
      config.users.map(({ name, home }) => {
        const place = placeOf.get(name);
        const cluster = place === undefined || place.prefix === "" ? {} : { cluster: place.name };
        return [name, { home, extensions: place?.storage.extensions, ...cluster }];
      }),
    ),
    /**
     * Sizes of the volumes that all users share, by what they hold; before it is the cluster's name, unless it is the
     * first one: `us-postgres`. The next `up` refuses to shrink these too.
     */
    sharedVolumes: Object.fromEntries(
      made.flatMap(({ place }) =>
        sharedVolumes(place).map(({ name, size }) => [`${place.prefix}${name}`, size] as const),
      ),
    ),
    ...authorities(made),
  };
}

/** The authority that a browser must trust, PEM, or one a cluster by its name; absent where it does so already. */
function authorities(made: readonly Made[]) {
  const found = made.flatMap(({ place, certificates: { ca } }) =>
    ca === undefined ? [] : [{ name: place.name, ca }],
  );
  if (found.length === 0) return {};
  return found[0]?.name === undefined
    ? { ca: found[0]?.ca }
    : { ca: Object.fromEntries(found.map(({ name, ca }) => [name ?? "", ca])) };
}
