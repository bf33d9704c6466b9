import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../errors";
import type { Provider } from "../server";

/**
 * Shows in a preview what would be sent to Datadog, and touches nothing: only the official plugin can talk to
 * Datadog. It knows no resource's schema, so a preview shows the arguments as given, and a mistake in them is
 * found by the official plugin alone.
 */
export function previewOnly(): Provider {
  const refuse = (what: string) =>
    Promise.reject(
      new UserError(
        `the offline datadog plugin can preview, but not ${what}`,
        "install Pulumi's official plugin where the internet can be reached (pulumi plugin install resource datadog), or take the Datadog resources out of the stack's config",
      ),
    );

  return {
    version: "5.11.0",
    check: ({ news }) => Promise.resolve({ inputs: news }),
    diff: ({ oldInputs, news }) => {
      const names = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])];
      const changed = names.filter((name) => !isDeepStrictEqual(oldInputs[name], news[name]));
      const detailedDiff = Object.fromEntries(
        changed.map((name) => [name, { kind: change(oldInputs[name], news[name]) }]),
      );
      return Promise.resolve({ changes: changed.length > 0, detailedDiff });
    },
    // What only Datadog knows is left out: in a preview the SDK takes that for not known yet.
    create: ({ type, inputs, preview }) =>
      preview ? Promise.resolve({ id: "", state: inputs }) : refuse(`create ${type}`),
    read: ({ type }) => refuse(`read ${type}`),
    update: ({ type, olds, news, preview }) =>
      preview ? Promise.resolve({ state: { ...olds, ...news } }) : refuse(`update ${type}`),
    delete: ({ type }) => refuse(`delete ${type}`),
  };
}

function change(before: unknown, after: unknown): "add" | "delete" | "update" {
  if (before === undefined) return "add";
  return after === undefined ? "delete" : "update";
}
