import * as pulumi from "@pulumi/pulumi";

/** The value without its marks of secrecy; notes the paths at which they were. */
export function reveal(value: unknown, path: string, secrets: string[]): unknown {
  if (pulumi.runtime.isRpcSecret(value)) {
    secrets.push(path);
    return reveal(pulumi.runtime.unwrapRpcSecret(value), path, secrets);
  }
  if (Array.isArray(value)) return value.map((item, index) => reveal(item, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      reveal(inner, path === "" ? key : `${path}.${key}`, secrets),
    ]),
  );
}
