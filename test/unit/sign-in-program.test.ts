import { given, readArguments } from "../../local/sign-in/arguments";
import { settingsOf } from "../../local/sign-in/settings";

describe("the command line", () => {
  test.each([["--config=/c.yml"], ["--config", "/c.yml"], ["-c", "/c.yml"], ["-c=/c.yml"]])(
    "%s %s serves",
    (...words) => {
      expect(readArguments(words)).toEqual({
        configuration: "/c.yml",
        args: ["--config", given],
        serves: true,
      });
    },
  );

  test("a question is asked with the same words, in their places", () => {
    const asked = readArguments(["storage", "encryption", "check", "--config", "/c.yml", "--verbose"]);
    expect(asked).toEqual({
      configuration: "/c.yml",
      args: ["storage", "encryption", "check", "--config", given, "--verbose"],
      serves: false,
    });
  });

  test("what needs no configuration is handed through", () => {
    const asked = { configuration: undefined, args: ["--version"], serves: false };
    expect(readArguments(["--version"])).toEqual(asked);
  });

  test.each([
    [["--config"], /needs a file/],
    [["--config="], /needs a file/],
    [["--config=/a.yml", "--config=/b.yml"], /must be one/],
    [["--config=/a.yml", "--colour"], /nobody said what --colour is/],
  ])("%j is refused", (words, message) => {
    expect(() => readArguments(words)).toThrow(message);
  });
});

describe("what the page says of the stack", () => {
  const configuration = {
    session: { domain: "dev.example.com", remember_me_duration: -1 },
    notifier: { smtp: {} },
    regulation: { max_retries: 5, find_time: 90, ban_time: "1h30m" },
  };

  test("is in words", () => {
    expect(settingsOf(configuration)).toEqual({
      domain: "dev.example.com",
      messages: "mail",
      remember: undefined,
      lock: { tries: 5, within: "90 seconds", lasts: "1 hour 30 minutes" },
    });
    const session = { domain: "dev.example.com", remember_me_duration: "30d" };
    expect(settingsOf({ ...configuration, session }).remember).toBe("30 days");
    expect(settingsOf({ ...configuration, notifier: { filesystem: {} } }).messages).toBe("file");
  });

  test("has no lock where nobody is locked out", () => {
    expect(settingsOf({ ...configuration, regulation: { max_retries: 0 } }).lock).toBeUndefined();
  });
});
