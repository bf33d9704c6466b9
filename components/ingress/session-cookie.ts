import type { Middleware } from "../auth";

const name = "session-cookie";

/**
 * The middleware that keeps sign-in's cookies from a workspace; it stands right after sign-in's own, which judge by
 * them. It is there where sign-in has cookies.
 */
export const sessionCookie = `${name}@file`;

/** @param names of sign-in's cookies */
export function sessionCookieMiddleware(names: readonly string[]): Record<string, Middleware> {
  return names.length === 0 ? {} : { [name]: { plugin: { session: { names: [...names] } } } };
}
