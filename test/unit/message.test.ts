import { newest } from "../../local/message";

test("of several pods' messages the newest is shown, and pods without one do not count", () => {
  expect(newest(["", "1700000001\nfor alice\n\nhttps://x\n", "1700000002\nfor bob\n", ""])).toBe("for bob");
  expect(newest(["999999999\nolder, of fewer digits\n", "1700000001\nfor alice\n\nhttps://x\n"])).toBe(
    "for alice\n\nhttps://x",
  );
  expect(newest(["", ""])).toBeUndefined();
});
