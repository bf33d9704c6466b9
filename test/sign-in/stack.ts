import { execFileSync } from "node:child_process";

import { configuration } from "../../components/auth/authelia/configuration";
import { accessControl, type AccessControl } from "../../components/auth/authelia/rules";
import { usersFile } from "../../components/auth/authelia/users";
import { auth } from "../../infra/auth";
import { ensureTools, toolPath } from "../../local/toolchain";
import { adminHost, people } from "./cases";

/** What Authelia's pod of a stack with the people of the cases would have mounted. */
export interface Mounted {
  configuration: unknown;
  users: string;
  /** The rules of that configuration. */
  rules: AccessControl;
}

/** Everybody's password. */
export const password = "right horse battery";

/**
 * Makes both with the functions that a stack's are made with.
 *
 * @param said what a stack says below `vibecode:auth`
 */
export async function mounted(domain: string, httpsPort = 443, said: object = {}): Promise<Mounted> {
  const settings = auth.parse({ kind: "authelia", access: { adminHosts: [adminHost] }, ...said });
  if (settings.kind !== "authelia") throw new Error("another kind");
  await ensureTools(["authelia"], () => undefined);
  const words = ["crypto", "hash", "generate", "bcrypt", "--cost", "10", "--password", password];
  const hash = execFileSync(toolPath("authelia"), words, { encoding: "utf8" }).replace("Digest: ", "").trim();
  const rules = accessControl({ ...settings.access, domain, users: Object.keys(people) });
  return {
    rules,
    configuration: configuration({
      domain,
      httpsPort,
      settings,
      stores: {
        postgres: { host: "postgres", port: 5432, database: "authelia", username: "authelia", tls: false },
        valkey: { host: "valkey", port: 6379, username: "default", tls: false },
      },
      accessControl: rules,
      authorities: false,
    }),
    users: usersFile(
      Object.entries(people).map(([name, groups]) => ({
        name,
        fullName: `${name.slice(0, 1).toUpperCase()}${name.slice(1)} Doe`,
        email: `${name}@example.com`,
        groups: [...groups],
        hash,
      })),
    ),
  };
}
