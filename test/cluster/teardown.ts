import { testCluster } from "./instance";

/** Stops the cluster `test`; `VIBECODE_KEEP=1` leaves it running, for a look at it. */
export default async function teardown(): Promise<void> {
  if (process.env["VIBECODE_KEEP"] === "1") return;
  await testCluster("test").stop(() => undefined);
}
