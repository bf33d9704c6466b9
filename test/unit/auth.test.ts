import { parse } from "yaml";

import { at, find, minimal, runProgram, type Run } from "./mocks";

let run: Run;
beforeAll(async () => {
  run = await runProgram(minimal);
});

const middlewares = () => {
  const text = at(find(run, "Secret", "ingress-sign-in").inputs, "stringData", "sign-in.yaml");
  return at(parse(String(text)), "http", "middlewares");
};

test("each user has one middleware that knows this user's hash and no other", () => {
  expect(middlewares()).toEqual(
    Object.fromEntries(
      ["alice", "bob"].map((user) => [
        `sign-in-${user}`,
        {
          basicAuth: {
            users: [`${user}:hash of sign-in-${user}`],
            realm: `workspace of ${user}`,
            removeHeader: true,
          },
        },
      ]),
    ),
  );
});

test("each user's route has that user's middleware, and it exists", () => {
  for (const user of ["alice", "bob"]) {
    const { inputs } = find(run, "Ingress", `${user}-route`);
    const named = at(inputs, "metadata", "annotations", "traefik.ingress.kubernetes.io/router.middlewares");
    expect(named).toBe(`sign-in-${user}@file`);
    expect(at(middlewares(), `sign-in-${user}`)).toBeDefined();
  }
});

test("a password is 24 letters and digits, generated for its user", () => {
  expect(find(run, "RandomPassword", "sign-in-alice").inputs).toEqual({ length: 24, special: false });
});

test("hashes reach the cluster in a Secret that is secret in the state too", () => {
  const secret = find(run, "Secret", "ingress-sign-in");
  expect(secret.secrets).toEqual(["stringData"]);
  expect(at(secret.inputs, "metadata", "namespace")).toBe("vibecode-ingress");
});
