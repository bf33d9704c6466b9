import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { ensureTools } from "../../local/toolchain";
import { aside } from "../sign-in/aside";
import { issuer, type Issuer } from "../sign-in/issuer";
import { accounts, allowed, people } from "../sign-in/owner-cases";
import type { Entrance } from "../sign-in/visitor";
import { deploy, type Deployed, type PlatformArgs } from "./deploy";
import { get } from "./request";

/** The platform behind oauth2-proxy and an issuer on this machine. */
export interface Federated extends Deployed, Entrance {
  /** `https://auth.test.localhost` */
  portal: string;
  issuer: Issuer;
  /** Converges it on these users. */
  users: (names: readonly string[]) => Promise<void>;
  remove: () => Promise<void>;
}

const domain = "test.localhost";
/** Who can sign in, and so needs an editor that runs. */
const editors = ["alice", "bob", "ada"];
const portal = `https://auth.${domain}`;

/** Deploys the platform behind oauth2-proxy, with the people of its cases. */
export async function deployOidc(): Promise<Federated> {
  await ensureTools(["oauth2-proxy"], () => undefined);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "issuer-"));
  const network = await aside();
  const at = await issuer({ ...network, folder, accounts, redirect: `${portal}/oauth2/callback` }).catch(
    async (error: unknown) => {
      await network.remove();
      throw error;
    },
  );
  const args = (names: readonly string[]): PlatformArgs => ({
    users: people
      .filter(({ name }) => names.includes(name))
      .map(({ name, email, groups }) => ({
        name,
        email,
        groups,
        size: "small",
        ...(editors.includes(name) ? {} : { state: "stopped" }),
      })),
    images: ["oauth2-proxy", "databases"],
    extra: {
      "vibecode:auth": {
        kind: "oauth2-proxy",
        provider: {
          type: "oidc",
          clientId: at.client.id,
          issuer: at.url,
          allow: { groups: allowed },
          scopes: ["groups"],
        },
        authorities: at.ca,
      },
      "vibecode:data": { valkey: { kind: "own", size: "320Mi" } },
    },
    secrets: { "authSecrets.clientSecret": at.client.secret },
  });
  const remove = async () => {
    await at.stop();
    await network.remove();
    fs.rmSync(folder, { recursive: true });
  };
  try {
    const platform = await deploy(args(people.map(({ name }) => name)));
    return {
      ...platform,
      portal,
      issuer: at,
      send: (asked) => get(platform.door, asked),
      users: async (names) => {
        await deploy(args(names));
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
