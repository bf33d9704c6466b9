import type * as pulumi from "@pulumi/pulumi";

import type { Auth } from "../components/auth";
import { cookieGuard, stopped, type Ingress } from "../components/ingress";
import { editorPort, editorService, retentionHooks, Workspace } from "../components/workspace";
import type { Place, User } from "./config";

/** What stands between the internet and a user's editor, in order. */
const guard = (auth: Auth, { name, state }: User): string[] => [
  ...auth.guard(name),
  ...cookieGuard(auth.cookies),
  ...(state === "stopped" ? [stopped] : []),
];

/** Where the programs of each user of a cluster are reached, for the ingress. */
export function forwardsOf({ cluster, domain, users }: Place, auth: Auth) {
  return users.map((user) => ({
    user: user.name,
    host: `${user.name}.${domain}`,
    service: `http://${editorService(user.name, cluster.domain)}:${editorPort}`,
    middlewares: guard(auth, user),
  }));
}

/** The workspaces of a cluster's users, in their order. */
export function workspaces(
  place: Place,
  { auth, ingress }: { auth: Auth; ingress: Ingress },
  opts: pulumi.ComponentResourceOptions,
): Workspace[] {
  const { prefix, cluster, workspace, storage, domain } = place;
  const retention = retentionHooks(cluster, prefix);
  return place.users.map(
    (user) =>
      new Workspace(
        `${prefix}${user.name}`,
        {
          person: { user: user.name, fullName: user.fullName, email: user.email },
          image: place.images.workspace,
          state: user.state,
          size: user.size,
          storage: { ...storage, home: user.home },
          retention,
          tools: {
            extensions: user.extensions,
            gallery: workspace.gallery,
            dotfiles: user.dotfiles,
            claude: place.claude,
          },
          secretEnv: user.secretEnv,
          claudeToken: place.claudeToken,
          sshKey: user.sshKey,
          kubernetesAccess: user.kubernetesAccess,
          network: { cluster: cluster.network, allow: workspace.allow },
          placement: { ...workspace, userNamespaces: cluster.userNamespaces },
          route: {
            host: `${user.name}.${domain}`,
            portHost: `{{port}}--${user.name}.${domain}`,
            port: place.ingress.httpsPort,
            namespace: ingress.namespace,
            ingressClass: ingress.ingressClass,
            middlewares: guard(auth, user),
            clusterDomain: cluster.domain,
          },
        },
        opts,
      ),
  );
}
