/** Why a text looks like a secret; undefined where it does not. The reason never quotes the text. */
export function looksSecret(text: string): string | undefined {
  const known = prefixes.find(([pattern]) => pattern.test(text));
  if (known !== undefined) return known[1];
  const rest = open.reduce((left, pattern) => left.replaceAll(pattern, " "), text);
  const random = candidates.flatMap((pattern) => rest.match(pattern) ?? []).some(isRandom);
  return random ? "holds a text that looks random, as generated tokens do" : undefined;
}

/** Beginnings that makers of tokens chose so that they are found. */
const prefixes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/, "holds a private key"],
  [/\bAGE-SECRET-KEY-1/, "holds a private key of age"],
  [/\$(?:2[abxy]|5|6|y|argon2(?:id?|d)|pbkdf2[\w-]*|scrypt)\$/, "holds a password's hash"],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/, "holds a JSON web token"],
  [/\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}/, "holds a token of GitHub"],
  [/\bgl(?:pat|ptt|rt|dt|agent)-[\w-]{16,}/, "holds a token of GitLab"],
  [/\bxox[abeoprs]-[\w-]{10,}/, "holds a token of Slack"],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, "holds an access key of AWS"],
  [/\bAIza[\w-]{35}/, "holds an API key of Google"],
  [/\bsk-(?:(?:ant|proj)-[\w-]{20,}|\w{20,})/, "holds an API key"],
  [/\b(?:sk|rk)_(?:live|test)_\w{16,}/, "holds an API key of Stripe"],
  [/\bnpm_\w{30,}|\bpul-[0-9a-f]{40}\b|\bdop_v1_\w{40,}|\bhv[sb]\.[\w-]{20,}/, "holds an access token"],
  [/\bSG\.[\w-]{16,}\.[\w-]{16,}/, "holds an API key of SendGrid"],
  [/[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:[^\s/@"'${]{3,}@/i, "holds an address with a password in it"],
];

/** What looks random and is meant to be read by everybody. */
const open: readonly RegExp[] = [
  /-----BEGIN ((?:[A-Z0-9]+ )*(?:CERTIFICATE|PUBLIC KEY|CERTIFICATE REQUEST|CRL|PARAMETERS))-----[\s\S]*?-----END \1-----/g,
  /\b(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-\w+|sk-\S+@openssh\.com)\s+AAAA[A-Za-z0-9+/]+={0,2}/g,
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi,
  /\bsha(?:1|224|256|384|512)[:-][A-Za-z0-9+/]{27,}={0,2}/g,
  // An application's name at its issuer, which every browser is told.
  /\bclient[-_]?id["']?\s*[:=]\s*\S+/gi,
  // A commit of git.
  /\b[0-9a-f]{40}\b/g,
];

const candidates = [/[A-Za-z0-9_-]{20,}/g, /[A-Za-z0-9+/]{22,}={1,2}(?![A-Za-z0-9=])/g];

/** Whether a text without spaces was drawn, not written. */
function isRandom(text: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(text)) return true;
  if (/[a-z]/.test(text) && /[A-Z]/.test(text)) {
    const kinds = kindsOf(text.replaceAll(/[-_]/g, ""));
    // Every second place of a drawn text; a camel's humps come close, but its capitals stand alone and its digits together.
    const odd = ([a, b]: Pair) => (a === "A" && b === "A") || (a !== b && (a === "1" || b === "1"));
    return (
      share(kinds, ([a, b]) => a !== b) >= 0.3 &&
      share(kinds, odd) >= (kinds.includes("1") ? 0.18 : 0.08) &&
      entropy(text) >= 3
    );
  }
  // Names of Kubernetes are words with dashes; a token of small letters and digits has none.
  return text
    .split(/[-_]/)
    .some(
      (part) => part.length >= 24 && share(kindsOf(part), ([a, b]) => a !== b) >= 0.15 && entropy(part) >= 3,
    );
}

type Pair = readonly [string, string];

/** Each letter's kind: `a`, `A` or `1`. */
const kindsOf = (text: string): string =>
  text.replaceAll(/[a-z]/g, "a").replaceAll(/[A-Z]/g, "A").replaceAll(/[0-9]/g, "1");

/** How many neighbours are of that sort. */
function share(kinds: string, sort: (pair: Pair) => boolean): number {
  const pairs = Array.from({ length: Math.max(0, kinds.length - 1) }, (_, at): Pair => [
    kinds.charAt(at),
    kinds.charAt(at + 1),
  ]);
  return pairs.length === 0 ? 0 : pairs.filter(sort).length / pairs.length;
}

/** Bits that each character tells, by how often each one stands in the text. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => {
    const share = count / text.length;
    return bits - share * Math.log2(share);
  }, 0);
}

/** Whether a variable's name says that its value is a secret. */
export const namesSecret = (name: string): boolean =>
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/i.test(
    name,
  );
