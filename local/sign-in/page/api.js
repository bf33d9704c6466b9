/* global fetch */

/** Why a question has no answer: `wrong` what was typed, `lost` the session, `many` questions, `refused`, `away`. */
export class Failure extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

const reasons = new Map([
  [401, "wrong"],
  [403, "lost"],
  [429, "many"],
]);

/** Asks Authelia's own API. Without a body it is a GET. */
export async function ask(path, body) {
  const answer = await fetch(path, {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    cache: "no-store",
    redirect: "error",
  }).catch(() => {
    throw new Failure("away");
  });
  if (!answer.ok) throw new Failure(reasons.get(answer.status) ?? (answer.status < 500 ? "refused" : "away"));
  const said = await answer.json().catch(() => {
    throw new Failure("away");
  });
  if (said.status !== undefined && said.status !== "OK") throw new Failure("refused");
  return said.status === undefined ? said : (said.data ?? {});
}
