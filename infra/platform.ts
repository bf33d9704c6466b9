import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { Certificates } from "../components/certificates";
import { Dns } from "../components/dns";
import { Ingress, sessionCookie, stopped } from "../components/ingress";
import {
  editorPort,
  editorService,
  retentionHooks,
  Workspace,
  WorkspaceRoles,
} from "../components/workspace";
import { certificatesOf } from "./certificates";
import type { Config, User } from "./config";
import { dnsOf, exposureOf } from "./dns";
import { signIn } from "./sign-in";

/** Makes everything that a stack's config asks for, and gives the stack's outputs. */
export function platform(config: Config) {
  for (const name of Object.keys(config.secretEnv).filter(
    (key) => !config.users.some((user) => user.name === key),
  )) {
    void pulumi.log.warn(`vibecode:secretEnv.${name} is not used: ${name} is not among the users`);
  }
  const provider = new k8s.Provider("cluster", {
    kubeconfig: kubeconfigInput(config.cluster.kubeconfig),
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

  const certificates = new Certificates("certificates", certificatesOf(config), opts);
  const auth = signIn(config, provider);
  const { workspace, storage, domain } = config;
  const guard = ({ name, state }: User) => [
    ...auth.guard(name),
    ...(auth.cookies.length > 0 ? [sessionCookie] : []),
    ...(state === "stopped" ? [stopped] : []),
  ];
  const ingress = new Ingress(
    "ingress",
    {
      ...config.ingress,
      exposure: exposureOf(config),
      domain: config.domain,
      image: config.images.traefik,
      certificate: certificates.certificate,
      signIn: auth,
      forwards: config.users.map((user) => ({
        user: user.name,
        host: `${user.name}.${domain}`,
        service: `http://${editorService(user.name, config.cluster.domain)}:${editorPort}`,
        middlewares: guard(user),
      })),
      network: config.cluster.network,
    },
    opts,
  );
  const dns = dnsOf(config);
  if (dns !== undefined) new Dns("dns", dns, { ...opts, dependsOn: [ingress] });
  new WorkspaceRoles("workspaces", opts);

  const route = (user: User) => ({
    host: `${user.name}.${domain}`,
    portHost: `{{port}}--${user.name}.${domain}`,
    port: config.ingress.httpsPort,
    namespace: ingress.namespace,
    ingressClass: ingress.ingressClass,
    middlewares: guard(user),
    clusterDomain: config.cluster.domain,
  });
  const retention = retentionHooks(config.cluster);
  const workspaces = config.users.map(
    (user) =>
      new Workspace(
        user.name,
        {
          person: { user: user.name, fullName: user.fullName, email: user.email },
          image: config.images.workspace,
          state: user.state,
          size: user.size,
          storage: { ...storage, home: user.home },
          retention,
          tools: {
            extensions: user.extensions,
            gallery: workspace.gallery,
            dotfiles: user.dotfiles,
            claude: config.claude,
          },
          secretEnv: user.secretEnv,
          claudeToken: config.claudeToken,
          sshKey: user.sshKey,
          kubernetesAccess: user.kubernetesAccess,
          network: { cluster: config.cluster.network, allow: workspace.allow },
          placement: { ...workspace, userNamespaces: config.cluster.userNamespaces },
          route: route(user),
        },
        opts,
      ),
  );

  const byUser = <Value>(of: (made: Workspace, user: User) => Value) =>
    Object.fromEntries(
      config.users.flatMap((user, index) => {
        const made = workspaces[index];
        return made === undefined ? [] : [[user.name, of(made, user)] as const];
      }),
    );
  return {
    /** Where each user's editor is, by the user's name. */
    urls: byUser((made) => made.url),
    /** What each user types at sign-in, by the user's name. Secret. */
    passwords: auth.passwords,
    /** Public halves of the SSH keys of those who have one, by the user's name. */
    sshKeys: Object.fromEntries(
      workspaces.flatMap((made) => (made.publicKey === undefined ? [] : [[made.user, made.publicKey]])),
    ),
    /** Sizes of each user's volumes, by the user's name; the next `up` refuses to shrink them. */
    volumes: byUser((_, user) => ({ home: user.home, extensions: storage.extensions })),
    /** The authority that a browser must trust, PEM; absent where it does so already. */
    ...(certificates.ca === undefined ? {} : { ca: certificates.ca }),
  };
}

/** The content of a kubeconfig holds credentials, which must not lie open in the state; a path is none. */
const kubeconfigInput = (kubeconfig: string | undefined) =>
  kubeconfig !== undefined && /[\n{]/.test(kubeconfig) ? pulumi.secret(kubeconfig) : kubeconfig;
