import { containersOf, kindOf, podOf } from "./kubernetes";
import type { Place } from "./place";

/** An image that an object names. */
export interface Image {
  place: Place;
  /** As it is written, or as a chart puts it together. */
  text: string;
  /** Registry and path, with what Docker leaves out: `docker.io/library/redis`. Undefined where a chart chooses it. */
  name: string | undefined;
  tag: string | undefined;
  digest: string | undefined;
  /** Whether a chart makes the pod: what is not named then is the chart's choice. */
  chart: boolean;
}

/** The images of the pods that an object makes itself, and those in a Helm release's values. */
export function imagesOf(object: Place): Image[] {
  if (kindOf(object.resource) === "Release") return valuesImages(object.at("values"));
  const pod = podOf(object);
  if (pod === undefined) return [];
  return containersOf(pod).map(({ place }) => {
    const image = place.at("image");
    const text = image.text ?? "";
    return { place: image, text, ...parts(text), chart: false };
  });
}

/** Images in a chart's values, at any depth: `image`, `initImage`, as one text or as an object of its parts. */
function valuesImages(values: Place): Image[] {
  const inner: (readonly [string, Place])[] = [
    ...values.entries,
    ...values.items.map((place) => ["", place] as const),
  ];
  return inner.flatMap(([key, place]) => [
    ...(/image$/i.test(key) ? chartImage(place) : []),
    ...valuesImages(place),
  ]);
}

function chartImage(place: Place): Image[] {
  const part = (key: string, sign = "") => {
    const { text = "" } = place.at(key);
    return text === "" ? "" : `${sign}${text}`;
  };
  const path = [part("registry"), part("repository")].filter((text) => text !== "").join("/");
  const text = place.text ?? `${path}${part("tag", ":")}${part("digest", "@")}`;
  // How it is pulled and no more: the chart chooses.
  if (text === "") return [];
  const chosen = /^[:@]/.test(text);
  const { name, tag, digest } = parts(chosen ? `chart${text}` : text);
  return [{ place, text, name: chosen ? undefined : name, tag, digest, chart: true }];
}

/** Parts of an image's name; what Docker leaves out is filled in: `redis` is `docker.io/library/redis`. */
function parts(image: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const [, path = "", tag, digest] =
    /^(.+?)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? [];
  const [first = ""] = path.split("/");
  const hasHost = path.includes("/") && (/[.:]/.test(first) || first === "localhost");
  if (hasHost) return { name: path, tag, digest };
  return { name: `docker.io/${path.includes("/") ? "" : "library/"}${path}`, tag, digest };
}
