import { z } from "zod";

import { auth, authSecrets } from "./auth";
import type { Mistake } from "./checks";

const around = z.looseObject({
  auth: auth.optional().catch(undefined),
  authSecrets: authSecrets.optional().catch(undefined),
  ingress: z
    .looseObject({ exposure: z.looseObject({ type: z.unknown() }).optional().catch(undefined) })
    .optional()
    .catch(undefined),
  users: z.array(z.unknown()).default([]).catch([]),
});

/** What holds between sign-in and the rest of a stack's config. Values that are wrong by themselves are passed over. */
export function authMistakes(values: Record<string, unknown>): Mistake[] {
  const { auth, authSecrets: secrets, ingress, users } = around.parse(values);
  if (auth === undefined || auth.kind === "basic") return [];
  const needed = (key: string, value: unknown, message: string): Mistake[] =>
    value === undefined ? [{ path: ["authSecrets", key], message }] : [];
  if (auth.kind === "oauth2-proxy") {
    return [
      ...needed("clientSecret", secrets?.clientSecret, "must be the secret of auth.provider.clientId"),
      ...emailMistakes(users),
    ];
  }
  const { backend, notifier, secondFactors } = auth;
  const names = users.map((user) => named.safeParse(user).data?.name);
  return [
    ...(backend.type === "ldap"
      ? needed("ldapPassword", secrets?.ldapPassword, "must be the password of auth.backend.user")
      : []),
    ...(notifier.type === "smtp" && notifier.username !== undefined
      ? needed("smtpPassword", secrets?.smtpPassword, "must be the password of auth.notifier.username")
      : []),
    ...(secondFactors.duo === undefined
      ? []
      : [
          ...needed(
            "duoIntegrationKey",
            secrets?.duoIntegrationKey,
            "must be the integration key of auth.secondFactors.duo",
          ),
          ...needed(
            "duoSecretKey",
            secrets?.duoSecretKey,
            "must be the secret key of auth.secondFactors.duo",
          ),
        ]),
    ...Object.keys(secrets?.passwordHashes ?? {})
      .filter((name) => !names.includes(name))
      .map((name) => ({
        path: ["authSecrets", "passwordHashes", name],
        message: "must be of one of the users",
        unused: true,
      })),
    ...(ingress?.exposure?.type === "NodePort" ? addressMistakes(auth) : []),
  ];
}

const named = z.union([
  z.string().transform((name) => ({ name, email: undefined })),
  z.looseObject({
    name: z.string().optional().catch(undefined),
    email: z.string().optional().catch(undefined),
  }),
]);

/** An issuer knows people by their addresses, so each needs one, and no two the same. */
function emailMistakes(users: readonly unknown[]): Mistake[] {
  const first = new Map<string, number>();
  return users.flatMap((user, index) => {
    const email = named.safeParse(user).data?.email?.toLowerCase();
    if (email === undefined) {
      return [
        {
          path: typeof user === "string" ? ["users", index] : ["users", index, "email"],
          message: "must have an email: it is what auth.provider knows a user by",
        },
      ];
    }
    const earlier = first.get(email);
    if (earlier === undefined) first.set(email, index);
    return earlier === undefined
      ? []
      : [
          {
            path: ["users", index, "email"],
            message: `must be nobody else's: users[${earlier}] would reach this user's workspace`,
          },
        ];
  });
}

/** A fixed port of each node answers in the node's own name, so everybody would seem to come from inside. */
function addressMistakes({
  access,
  regulation,
}: Extract<z.infer<typeof auth>, { kind: "authelia" }>): Mistake[] {
  const message = "must not be used with ingress.exposure NodePort, which hides where requests come from";
  return [
    ...(access.internalNetworks.length > 0
      ? [{ path: ["auth", "access", "internalNetworks"], message }]
      : []),
    ...access.rules.flatMap((rule, index) =>
      rule.networks.length > 0 ? [{ path: ["auth", "access", "rules", index, "networks"], message }] : [],
    ),
    ...(regulation.by.includes("ip") ? [{ path: ["auth", "regulation", "by"], message }] : []),
  ];
}
