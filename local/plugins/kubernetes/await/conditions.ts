import { isList } from "../../server";
import type { PropertyMap } from "../../server";
import { annotation, at } from "../objects";
import { condition, failed, messageOf, ready, waiting } from "./readiness";
import type { Progress } from "./readiness";

/** One wish of `pulumi.com/waitFor`: `condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`. */
function judge(wish: string, object: PropertyMap): Progress {
  const [, type, status = "True"] = /^condition=([^=]+)(?:=(.+))?$/.exec(wish) ?? [];
  if (type !== undefined) {
    const found = condition(object, type);
    if (String(found?.["status"]).toLowerCase() === status.toLowerCase()) return ready;
    return waiting(`condition ${type} to be ${status}${found ? ` (${messageOf(found)})` : ""}`);
  }
  const [, path, value] = /^jsonpath=\{?\.?([^}=]+)\}?(?:=(.*))?$/.exec(wish) ?? [];
  if (path === undefined || !/^[\w.[\]/-]+$/.test(path))
    return failed(`pulumi.com/waitFor: the offline plugin does not understand "${wish}"`);
  const keys = [...path.matchAll(/[^.[\]]+/g)].map(([key]) => (/^\d+$/.test(key) ? Number(key) : key));
  const found = at(object, ...keys);
  const met = value === undefined ? found !== undefined : JSON.stringify(found) === value || found === value;
  return met
    ? ready
    : waiting(
        `.${path} to be ${value ?? "there"}, it is ${found === undefined ? "not there" : JSON.stringify(found)}`,
      );
}

/** What the annotation `pulumi.com/waitFor` asks for instead of the kind's own readiness. */
export function wishes(object: PropertyMap): ((object: PropertyMap) => Progress) | undefined {
  const text = annotation(object, "pulumi.com/waitFor");
  if (text === undefined) return undefined;
  const parsed: unknown = text.startsWith("[") ? JSON.parse(text) : [text];
  const all = isList(parsed) ? parsed.map(String) : [text];
  return (live) => all.map((wish) => judge(wish, live)).find((progress) => !progress.ready) ?? ready;
}
