import { z } from "zod";

import { containersOf, kindOf, podOf } from "../kubernetes";
import { looksSecret, namesSecret } from "../looks-secret";
import type { Place } from "../place";
import { notKnown, resourceRule, type Finding } from "../rule";

const mend =
  "put it into a Secret: vibecode:secretEnv for a user's, a component's Secret for the platform's own";

export const plainSecret = resourceRule({
  name: "plain-secret",
  description: "No secret stands in a ConfigMap, in a container's variables or in its command line.",
  why: "Those are read by everybody who may look at pods, and are written to logs, states and previews. Values that the program marks as secret are judged all the same: the cluster does not know the mark.",
  level: "mandatory",
  whenUnknown: "waits",
  settings: z.object({}),
  *check(object) {
    if (kindOf(object.resource) === "ConfigMap") {
      for (const [, place] of object.at("data").entries) yield* inText(place);
      for (const [, place] of object.at("binaryData").entries) yield* inText(place, decoded);
    }
    const pod = podOf(object);
    if (pod === undefined) return;
    for (const { place } of containersOf(pod)) {
      for (const part of [...place.at("command").items, ...place.at("args").items]) yield* inText(part);
      for (const variable of place.at("env").items) yield* inVariable(variable);
    }
  },
});

const decoded = (text: string): string => Buffer.from(text, "base64").toString("latin1");

function* inText(place: Place, read = (text: string) => text): Iterable<Finding> {
  if (!place.known) yield notKnown(place);
  else {
    const says = looksSecret(read(place.text ?? ""));
    if (says !== undefined) yield { place, says, mend };
  }
}

function* inVariable(variable: Place): Iterable<Finding> {
  const place = variable.at("value");
  if (!place.known) yield notKnown(place);
  else if (namesSecret(variable.at("name").text ?? "") && !isHarmless(place.text ?? ""))
    yield { place, says: "is an open value of a variable that is named as a secret", mend };
  else yield* inText(place);
}

/** Nothing, a switch, a number, or the path of a file in which the secret is. */
const isHarmless = (text: string): boolean => text === "" || /^(?:true|false|\d{1,9}|\/[\w./-]+)$/.test(text);
