/* global location, localStorage, URL */

const name = "sign-in:wanted";

/**
 * An address to go to, if it is one of the stack's: https, at or below its domain, and not this page again. As the
 * browser reads it; Authelia judges it besides.
 */
export function below(address, domain) {
  if (typeof address !== "string" || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const within = url.hostname === domain || url.hostname.endsWith(`.${domain}`);
  const plain = url.username === "" && url.password === "";
  return url.protocol === "https:" && within && plain && url.host !== location.host ? url.href : undefined;
}

/** Remembers where somebody wants to go, for the tab that the message's link opens. */
export function keep(address) {
  if (address === undefined) localStorage.removeItem(name);
  else localStorage.setItem(name, address);
}

/** What was remembered, once. */
export function kept(domain) {
  const address = localStorage.getItem(name);
  localStorage.removeItem(name);
  return below(address, domain);
}
