import { judgeSecret, secretPatterns } from "../../infra/secret-place";

test.each([
  "claudeToken",
  "secretEnv.alice.NPM_TOKEN",
  "authSecrets.smtpPassword",
  "authSecrets.passwordHashes.alice",
  "certificateSecrets.key",
  "dataSecrets.postgres",
])("%s is a place for a secret", (place) => {
  expect(judgeSecret(place)).toEqual([]);
});

test.each([
  ["domain", "is no place"],
  ["claudeToken.alice", "is no place"],
  ["secretEnv", "is no place"],
  ["secretEnv.alice", "is no place"],
  ["secretEnv.Alice.TOKEN", "is no place"],
  ["secretEnv.alice.1TOKEN", "is no place"],
  ["secretEnv.alice.TOKEN.more", "is no place"],
  ["authSecrets.smtp", "smtpPassword"],
  ["toString", "is no place"],
])("%s is none, and the message says so", (place, message) => {
  expect(judgeSecret(place).join()).toContain(message);
});

test("a value that its key does not allow is refused before it is kept, and not quoted", () => {
  const mistakes = judgeSecret("authSecrets.passwordHashes.alice", "hunter2").join();
  expect(mistakes).toContain("authSecrets.passwordHashes.alice");
  expect(mistakes).not.toContain("hunter2");
});

test("each key of secrets has its pattern", () => {
  expect(secretPatterns).toContain("secretEnv.<user>.<NAME>");
  expect(secretPatterns).toContain("claudeToken");
});
