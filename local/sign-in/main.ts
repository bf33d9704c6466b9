import { once } from "node:events";
import * as fs from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import { readArguments, type Asked } from "./arguments";
import { gateway } from "./gateway";
import { metrics } from "./metrics";
import { ended, freePort, startAuthelia } from "./process";
import { settingsOf } from "./settings";
import { translate, type Translated } from "./translate";

/** The program `authelia`: it takes a configuration of 4.39, and asks 4.37.5. Its exit status is that one's. */
async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.configuration === undefined) return ended(startAuthelia(asked.args));
  const translated = translate(parse(fs.readFileSync(asked.configuration, "utf8")));
  if (!asked.serves) return ended(startAuthelia(asked.args, translated.configuration));
  return serve(asked, translated);
}

async function serve({ args }: Asked, { configuration, check, dropped }: Translated): Promise<number> {
  for (const [key, why] of Object.entries(dropped)) console.error(`${key} has no meaning here: ${why}`);
  const { server, telemetry } = served.parse(configuration);
  const port = await freePort();
  const front = gateway({ authelia: port, check, settings: settingsOf(configuration) });
  // No host is all addresses, of both kinds.
  front.listen(server.port, server.host === "0.0.0.0" ? undefined : server.host);
  await once(front, "listening");
  const behind = {
    ...configuration,
    server: { ...server, host: "127.0.0.1", port },
    telemetry: { metrics: await measured(telemetry.metrics) },
  };
  return ended(startAuthelia(args, behind));
}

/** Answers where 4.39 has its metrics, and gives what 4.37.5 is to be told of its own. */
async function measured(asked: z.infer<typeof served>["telemetry"]["metrics"]): Promise<object> {
  if (!asked.enabled) return asked;
  const port = await freePort();
  const { hostname, port: ours } = new URL(asked.address);
  const front = metrics(port).listen(Number(ours), hostname === "0.0.0.0" ? undefined : hostname);
  await once(front, "listening");
  return { ...asked, address: `tcp://127.0.0.1:${port}` };
}

/** Where 4.39 would listen. TLS ends at Traefik. */
const served = z.object({
  server: z
    .looseObject({
      host: z.string().default("0.0.0.0"),
      port: z.number().default(9091),
      tls: z.undefined("server.tls must not be there: this program speaks plain HTTP").optional(),
    })
    .prefault({}),
  telemetry: z
    .object({
      metrics: z
        .looseObject({
          enabled: z.boolean().default(false),
          address: z.string().default("tcp://0.0.0.0:9959"),
        })
        .prefault({}),
    })
    .prefault({}),
});

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
