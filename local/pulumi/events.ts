import { z } from "zod";
import type { Report } from "../errors";

const metadata = z.object({ op: z.string(), urn: z.string(), type: z.string() });

const policyEvent = z.object({ message: z.string(), policyName: z.string(), enforcementLevel: z.string() });

const event = z.object({
  resourcePreEvent: z.object({ metadata }).optional(),
  resOutputsEvent: z.object({ metadata }).optional(),
  resOpFailedEvent: z.object({ metadata }).optional(),
  diagnosticEvent: z
    .object({
      message: z.string(),
      severity: z.string(),
      urn: z.string().optional(),
      ephemeral: z.boolean().optional(),
    })
    .optional(),
  policyEvent: policyEvent.optional(),
  summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()).nullish() }).optional(),
});

/** One thing that the engine did to a resource: `{ operation: "update", name: "alice-editor" }`. */
export interface Touched {
  operation: string;
  name: string;
}

/** What a policy says of one resource, or of the whole stack. */
export interface Violation {
  /** The rule's name in the pack: `service-door`. */
  rule: string;
  /** Whether it stops the run; what is not mandatory only says so. */
  mandatory: boolean;
  /** Which resource, what is wrong in it, and what to change. */
  message: string;
}

/** `Deployment alice` of `urn:pulumi:local::vibecode::...$kubernetes:apps/v1:Deployment::alice`. */
export function shortName(urn: string): string {
  const [, , types = "", ...name] = urn.split("::");
  const kind = types.split("$").at(-1)?.split(":").at(-1) ?? "";
  return `${kind} ${name.join("::")}`.trim();
}

/** Follows the events of one run of the engine, a JSON object a line, and tells what is going on. */
export class Events {
  /** Resources by operation, as the engine counts them at the end: `{ create: 2, same: 40 }`. */
  changes: Readonly<Record<string, number>> = {};
  /** Every resource that was not left as it was, in the order in which the engine was done with it. */
  readonly touched: Touched[] = [];
  /** What failed, whole, each with its resource's name before it. */
  readonly errors: string[] = [];
  /** The same without what the policy pack said. */
  readonly failures: string[] = [];
  /** What the policy pack says. */
  readonly violations: Violation[] = [];
  private readonly working = new Map<string, string>();
  private unchanged = 0;

  constructor(
    private readonly report: Report,
    private readonly print: (text: string) => void,
  ) {}

  /** Takes one line of the engine's standard output. */
  line(text: string): void {
    const parsed = event.safeParse(parseJson(text));
    if (!parsed.success) {
      if (text.trim() !== "") this.print(text);
      return;
    }
    const {
      resourcePreEvent,
      resOutputsEvent,
      resOpFailedEvent,
      diagnosticEvent,
      policyEvent,
      summaryEvent,
    } = parsed.data;
    if (resourcePreEvent) this.begin(resourcePreEvent.metadata);
    if (resOutputsEvent) this.end(resOutputsEvent.metadata);
    if (resOpFailedEvent) this.working.delete(resOpFailedEvent.metadata.urn);
    if (diagnosticEvent) this.diagnostic(diagnosticEvent);
    if (policyEvent) this.policy(policyEvent);
    // The stack reads its own outputs in each run, and a reading changes nothing.
    const counted = Object.entries(summaryEvent?.resourceChanges ?? {}).filter(([op]) => op !== "read");
    if (summaryEvent) this.changes = Object.fromEntries(counted);
  }

  private begin({ op, urn, type }: z.infer<typeof metadata>): void {
    if (op === "same" || type.startsWith("pulumi:")) return;
    this.working.set(urn, op);
    this.progress();
  }

  private end({ op, urn, type }: z.infer<typeof metadata>): void {
    this.working.delete(urn);
    if (type.startsWith("pulumi:")) return;
    if (op === "same") this.unchanged++;
    else this.touched.push({ operation: op, name: urn.split("::").slice(3).join("::") });
    this.progress();
  }

  private progress(): void {
    const latest = [...this.working].at(-1);
    const now = latest === undefined ? "" : `, ${latest[1]} ${shortName(latest[0])}`;
    this.report(`${this.touched.length} resources changed, ${this.unchanged} as they were${now}`);
  }

  private policy({ policyName, enforcementLevel, message }: z.infer<typeof policyEvent>): void {
    const violation = {
      rule: policyName,
      mandatory: enforcementLevel === "mandatory",
      message: withoutColour(message),
    };
    this.violations.push(violation);
    const said = `policy ${violation.rule}: ${violation.message}`;
    if (violation.mandatory) this.errors.push(said);
    else this.print(`warning: ${said}`);
  }

  private diagnostic(event: {
    message: string;
    severity: string;
    urn?: string | undefined;
    ephemeral?: boolean | undefined;
  }): void {
    const message = event.message.trimEnd();
    const about = event.urn === undefined || event.urn === "" ? "" : `${shortName(event.urn)}: `;
    if (message === "" || event.severity === "debug" || isNoise(message)) return;
    if (event.ephemeral === true) this.report(`${about}${message}`);
    else if (event.severity === "error") {
      this.errors.push(`${about}${message}`);
      this.failures.push(`${about}${message}`);
    } else this.print(event.severity === "warning" ? `warning: ${about}${message}` : `${about}${message}`);
  }
}

/** What the engine says on every run with plugins from PATH, and after every failure of a resource. */
export function isNoise(message: string): boolean {
  return (
    /using pulumi-\S+ from \$PATH at /.test(message) ||
    /^(update|refresh|destroy|preview) failed$/.test(message)
  );
}

/** The engine's text without its own marks of colour: `<{%fg 1%}>`. */
const withoutColour = (text: string) => text.replaceAll(/<\{%[^%]*%\}>/g, "").trim();

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
