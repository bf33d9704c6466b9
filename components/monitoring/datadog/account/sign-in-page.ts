import type * as datadog from "@pulumi/datadog";

/** From where Datadog opens the sign-in page, and how often. */
export interface PageSettings {
  /** Datadog's locations: `aws:eu-central-1`. */
  locations: string[];
  /** Seconds between two visits. */
  every: number;
}

interface PageArgs extends PageSettings {
  title: string;
  tags: string[];
  /** Address of the page. */
  url: string;
  /** Whom it tells: `@slack-platform`. */
  notify: readonly string[];
}

/** Opens the sign-in page as a person would, from outside. */
export function signInPage(args: PageArgs): datadog.SyntheticsTestArgs {
  const { title, url, notify } = args;
  return {
    name: `${title}: the sign-in page`,
    type: "api",
    subtype: "http",
    status: "live",
    requestDefinition: { method: "GET", url, timeout: 20 },
    assertions: [
      { type: "statusCode", operator: "is", target: "200" },
      { type: "responseTime", operator: "lessThan", target: "3000" },
      { type: "header", property: "content-type", operator: "contains", target: "text/html" },
    ],
    locations: args.locations,
    message: [
      `The sign-in page ${url} does not answer from outside: nobody can begin to work.`,
      ...notify,
    ].join(" "),
    optionsList: {
      tickEvery: args.every,
      followRedirects: true,
      // One lost packet is none of anybody's business.
      retry: { count: 2, interval: 1000 },
      minLocationFailed: args.locations.length > 1 ? 2 : 1,
      minFailureDuration: args.every,
      monitorOptions: { renotifyInterval: 120 },
    },
    tags: args.tags,
  };
}
