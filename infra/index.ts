import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { Auth } from "../components/auth";
import { Certificates } from "../components/certificates";
import { Ingress } from "../components/ingress";
import { Workspace } from "../components/workspace";
import { parseConfig } from "./config";

const config = parseConfig(pulumi.runtime.allConfig());

const provider = new k8s.Provider("cluster", {
  kubeconfig: config.cluster.kubeconfig,
  context: config.cluster.context,
  clusterIdentifier: config.cluster.name,
  // A user who comes back finds namespace and volumes; an `up` that was cut off finds what it had made. Names
  // are explicit and a resource's name follows its object's, so no rename can put one object behind two.
  upsertExistingObjects: true,
  // Pods restart by the hash of what they read, or watch it; replacing a ConfigMap would take it away meanwhile.
  enableConfigMapMutable: true,
  enableSecretMutable: true,
});
const opts = { providers: [provider] };

const certificates = new Certificates("certificates", {
  kind: config.certificates.kind,
  domain: config.domain,
});
const auth = new Auth("sign-in", { kind: config.auth.kind, users: config.users.map(({ name }) => name) });
const ingress = new Ingress(
  "ingress",
  {
    ...config.ingress,
    domain: config.domain,
    image: config.images.traefik,
    certificate: certificates,
    signIn: auth.middlewares,
    forwards: config.users.map(({ name }) => ({
      user: name,
      host: `${name}.${config.domain}`,
      service: `http://editor.ws-${name}.svc.${config.cluster.domain}:8080`,
      middlewares: auth.guard(name),
    })),
    network: { apiServer: [], dns: [] },
  },
  opts,
);

const workspaces = config.users.map(
  (user) =>
    new Workspace(
      user.name,
      {
        user: user.name,
        image: config.images.workspace,
        resources: user.resources,
        storage: { ...config.storage, home: config.workspace.home, extensions: config.workspace.extensions },
        route: {
          host: `${user.name}.${config.domain}`,
          port: config.ingress.httpsPort,
          namespace: ingress.namespace,
          ingressClass: ingress.ingressClass,
          middlewares: auth.guard(user.name),
          clusterDomain: config.cluster.domain,
        },
      },
      opts,
    ),
);

/** Where each user's editor is, by the user's name. */
export const urls = Object.fromEntries(workspaces.map((workspace) => [workspace.user, workspace.url]));
/** What each user types at sign-in, by the user's name. Secret. */
export const passwords = auth.passwords;
/** The authority that a browser must trust, PEM. */
export const ca = certificates.ca;
