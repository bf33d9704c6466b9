import type { Middleware } from "../auth";

const name = "session-cookie";

/**
 * The middleware that keeps sign-in's cookies from a workspace; it stands right after sign-in's own, which judge by
 * them. It is there where sign-in has cookies.
 */
export const sessionCookie = `${name}@file`;

/** Names of what keeps sign-in's cookies from whatever is behind it; none where sign-in has no cookies. */
export const cookieGuard = (cookies: readonly string[]): string[] =>
  cookies.length === 0 ? [] : [sessionCookie];

/** @param names of sign-in's cookies */
export function sessionCookieMiddleware(names: readonly string[]): Record<string, Middleware> {
  return names.length === 0 ? {} : { [name]: { plugin: { session: { names: [...names] } } } };
}
