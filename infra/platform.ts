import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { Certificates } from "../components/certificates";
import { Dns } from "../components/dns";
import { Ingress } from "../components/ingress";
import { Monitoring } from "../components/monitoring";
import { WorkspaceRoles } from "../components/workspace";
import { certificatesOf } from "./certificates";
import type { Config, Place } from "./config";
import { dnsOf, exposureOf } from "./dns";
import { monitoringOf, pagesOf, scrapersOf } from "./monitoring";
import { leaveReplicas, tracesOf } from "./monitoring-datadog";
import { outputsOf, type Made } from "./outputs";
import { signIn } from "./sign-in";
import { forwardsOf, workspaces } from "./workspaces";

/** Makes everything that a stack's config asks for, on each of its clusters, and gives the stack's outputs. */
export function platform(config: Config) {
  for (const name of Object.keys(config.secretEnv).filter(
    (key) => !config.users.some((user) => user.name === key),
  )) {
    void pulumi.log.warn(`vibecode:secretEnv.${name} is not used: ${name} is not among the users`);
  }
  return outputsOf(config, config.places.map(onCluster));
}

/** All that a stack has on one cluster. */
function onCluster(place: Place): Made {
  const { prefix } = place;
  const provider = new k8s.Provider(`${prefix}cluster`, {
    kubeconfig: kubeconfigInput(place.cluster.kubeconfig),
    context: place.cluster.context,
    clusterIdentifier: place.cluster.name,
    // A user who comes back finds namespace and volumes; an `up` that was cut off finds what it had made. Names
    // are explicit and a resource's name follows its object's, so no rename can put one object behind two.
    upsertExistingObjects: true,
    // Pods restart by the hash of what they read, or watch it; replacing a ConfigMap would take it away meanwhile.
    enableConfigMapMutable: true,
    enableSecretMutable: true,
  });
  const opts = { providers: [provider] };

  leaveReplicas(place);
  const certificates = new Certificates(`${prefix}certificates`, certificatesOf(place), opts);
  const auth = signIn(place, provider);
  const ingress = new Ingress(
    `${prefix}ingress`,
    {
      ...place.ingress,
      exposure: exposureOf(place),
      domain: place.domain,
      image: place.images.traefik,
      certificate: certificates.certificate,
      signIn: auth,
      pages: pagesOf(place, auth),
      scrapers: scrapersOf(place),
      traces: tracesOf(place),
      forwards: forwardsOf(place, auth),
      network: place.cluster.network,
    },
    opts,
  );
  const dns = dnsOf(place);
  if (dns !== undefined) new Dns(`${prefix}dns`, dns, { ...opts, dependsOn: [ingress] });
  const monitoring = monitoringOf(place);
  if (monitoring !== undefined)
    new Monitoring(`${prefix}monitoring`, monitoring, { ...opts, dependsOn: [ingress, auth] });
  new WorkspaceRoles(`${prefix}workspaces`, opts);
  return { place, certificates, auth, workspaces: workspaces(place, { auth, ingress }, opts) };
}

/** The content of a kubeconfig holds credentials, which must not lie open in the state; a path is none. */
const kubeconfigInput = (kubeconfig: string | undefined) =>
  kubeconfig !== undefined && /[\n{]/.test(kubeconfig) ? pulumi.secret(kubeconfig) : kubeconfig;
