import { STATUS_CODES } from "node:http";
import { isObject } from "../values";
import { textAt } from "./objects";

/** The API server answered, and refused. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    /** `AlreadyExists`, `NotFound`, `Conflict`, ... */
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** Nobody answered, or not to the end. */
export class Unreachable extends Error {
  /** The connection was there, and was cut: another attempt may do better. */
  readonly cut: boolean;

  constructor(server: string, cause: unknown) {
    super(
      `the cluster at ${server} cannot be reached: ${textAt(cause, "message") ?? String(cause)}; is it running?`,
      { cause },
    );
    this.name = "Unreachable";
    this.cut = ["ECONNRESET", "EPIPE"].includes(textAt(cause, "code") ?? "");
  }
}

/** The refusal an answer holds. */
export function apiError(code: number, text: string): ApiError {
  try {
    const status: unknown = JSON.parse(text);
    if (isObject(status) && typeof status["message"] === "string")
      return new ApiError(code, textAt(status, "reason") ?? "", status["message"]);
  } catch {
    // A proxy in between answers in its own words.
  }
  const message = text.trim().slice(0, 300) || (STATUS_CODES[code] ?? "");
  return new ApiError(code, "", `the API server answered ${code}: ${message}`);
}
