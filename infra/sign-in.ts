import type * as k8s from "@pulumi/kubernetes";

import { Auth, signInNamespace, signInPods, signInSpace } from "../components/auth";
import { Data } from "../components/data";
import { ingressNamespace } from "../components/ingress";
import type { Place } from "./config";
import { storesOf } from "./data";
import { exportersOf, scrapersOf } from "./monitoring";

/** Sign-in of the kind that the config names, with the namespace and the stores that this kind needs. */
export function signIn(place: Place, provider: k8s.Provider): Auth {
  const { auth, authSecrets, cluster, images, prefix, storage, users } = place;
  if (auth.kind === "basic") {
    return new Auth(`${prefix}sign-in`, { kind: auth.kind, users: users.map(({ name }) => name) });
  }
  const namespace = signInSpace(`${prefix}sign-in-namespace`, storage.retain, { provider });
  const { postgres, ...stores } = storesOf(place.data, place.dataSecrets, images);
  const data = new Data(
    `${prefix}data`,
    {
      ...stores,
      // oauth2-proxy keeps sessions and nothing else.
      postgres: auth.kind === "authelia" ? postgres : undefined,
      namespace: signInNamespace,
      clusterDomain: cluster.domain,
      clients: [signInPods(auth.kind)],
      dns: cluster.network.dns,
      storage,
      exporters: exportersOf(place),
    },
    { providers: [provider], dependsOn: [namespace] },
  );
  const common = {
    domain: place.domain,
    httpsPort: place.ingress.httpsPort,
    clusterDomain: cluster.domain,
    namespace: namespace.metadata.name,
    ingressNamespace,
    dns: cluster.network.dns,
    nodeSelector: place.ingress.nodeSelector,
    people: users,
    scrapers: scrapersOf(place),
  };
  // Without its stores sign-in would not become ready.
  const after = { providers: [provider], dependsOn: [data] };
  if (auth.kind === "oauth2-proxy") {
    const { clientSecret } = authSecrets;
    if (clientSecret === undefined) throw new Error("authSecrets were checked before");
    const { valkey } = data;
    return new Auth(
      `${prefix}sign-in`,
      { ...common, ...auth, image: images.oauth2Proxy, clientSecret, valkey },
      after,
    );
  }
  if (data.postgres === undefined) throw new Error("Authelia has a Postgres");
  const authorities = [auth.authorities, data.postgres.ca, data.valkey.ca].filter((pem) => pem !== undefined);
  return new Auth(
    `${prefix}sign-in`,
    {
      ...common,
      kind: auth.kind,
      image: images.authelia,
      replicas: auth.replicas,
      settings: auth,
      access: auth.access,
      stores: { postgres: data.postgres, valkey: data.valkey },
      versions: auth.versions,
      given: authSecrets,
      authorities: authorities.length === 0 ? undefined : authorities.join("\n"),
    },
    after,
  );
}
