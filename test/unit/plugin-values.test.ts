import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { decode, encode, secret } from "../../local/plugins/values";

const nested = {
  plain: [1, null, { deep: true }],
  list: ["a", secret({ inner: secret("b") }), { key: secret("c") }],
  after: { key: secret("d"), empty: {} },
};

test("secrets are opened wherever they lie, one inside another too, and each place is told", () => {
  expect(decode(encode(nested))).toEqual({
    properties: {
      plain: [1, null, { deep: true }],
      list: ["a", { inner: "b" }, { key: "c" }],
      after: { key: "d", empty: {} },
    },
    secrets: [
      ["after", "key"],
      ["list", 1],
      ["list", 1, "inner"],
      ["list", 2, "key"],
    ],
  });
});

test("a message stays as it came, however often it is opened", () => {
  const message = encode(nested);
  const before = message.serializeBinary();
  const first = decode(message);
  first.properties["plain"] = "changed";
  expect(decode(message).properties["plain"]).toEqual([1, null, { deep: true }]);
  expect(message.serializeBinary()).toEqual(before);
});

test("properties that are a secret as a whole are opened, and no message is none", () => {
  const whole = Struct.fromJavaScript({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value: { a: 1 },
  });
  expect(decode(whole)).toEqual({ properties: { a: 1 }, secrets: [[]] });
  expect(decode(undefined)).toEqual({ properties: {}, secrets: [] });
});
