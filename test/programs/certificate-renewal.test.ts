import "reflect-metadata";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as tls from "node:tls";

import * as x509 from "@peculiar/x509";
import { stringify } from "yaml";

import { dynamicFile } from "../../components/ingress/dynamic-file";
import { localPlugins, plugins } from "../../components/ingress/plugins";
import { dynamicConfig, dynamicFolder, staticConfig } from "../../components/ingress/traefik";
import { ensureTools, toolPath } from "../../local/toolchain";
import { backend, type Backend } from "../ingress/backend";
import { freePort, start, type Running } from "../sign-in/process";

jest.setTimeout(120_000);

const host = "alice.dev.example.com";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-renewal-"));
const dynamic = path.join(folder, "dynamic");

let port: number;
let traefik: Running;
let editor: Backend;

/** A certificate for the host by nobody, as files of a Secret of type `kubernetes.io/tls`. */
async function certificate(serialNumber: string): Promise<Record<string, string>> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: `CN=${host}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "*.dev.example.com" }])],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    "tls/tls.crt": made.toString("pem"),
    "tls/tls.key": x509.PemConverter.encode(key, "PRIVATE KEY"),
  };
}

/** Changes a mounted folder as the kubelet does: everything into a new dated folder, then one link to it. */
function mount(name: string, files: Readonly<Record<string, string>>): void {
  const link = path.join(dynamic, "..data");
  const old = fs.existsSync(link) ? fs.readlinkSync(link) : undefined;
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.join(dynamic, name, path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(dynamic, name, file), text);
  }
  fs.symlinkSync(name, `${link}_tmp`);
  fs.renameSync(`${link}_tmp`, link);
  for (const top of new Set(Object.keys(files).map((file) => file.split("/")[0] ?? ""))) {
    const visible = path.join(dynamic, top);
    if (!fs.existsSync(visible)) fs.symlinkSync(path.join("..data", top), visible);
  }
  if (old !== undefined) fs.rmSync(path.join(dynamic, old), { recursive: true });
}

const here = (text: string) => text.replaceAll(dynamicFolder, dynamic);
const configuration = {
  "files/middlewares.yaml": here(dynamicFile(dynamicConfig({ average: 1000, burst: 1000 }, []))),
};

/** A connection over TLS, and the number of the certificate it was shown. */
async function connect(): Promise<{ socket: tls.TLSSocket; serial: string }> {
  const socket = tls.connect({ host: "127.0.0.1", port, servername: host, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  return { socket, serial: socket.getPeerCertificate().serialNumber };
}

async function shown(serial: string): Promise<void> {
  for (let attempts = 100; ; attempts--) {
    const { socket, serial: now } = await connect();
    socket.destroy();
    if (now === serial) return;
    if (attempts === 0) throw new Error(`${now} is shown, not ${serial}`);
    await sleep(100);
  }
}

beforeAll(async () => {
  await ensureTools(["traefik"], () => undefined);
  editor = await backend({
    answer: (_, response) => response.end("ok"),
    upgrade: (socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      socket.pipe(socket);
    },
  });
  port = await freePort();
  const web = await freePort();
  for (const { moduleName, files } of Object.values(plugins)) {
    const own = path.join(folder, "plugins-local/src", moduleName);
    fs.mkdirSync(own, { recursive: true });
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(own, file), text);
  }
  const route = {
    http: {
      routers: { editor: { rule: `Host(\`${host}\`)`, service: "editor", tls: {} } },
      services: { editor: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${editor.port}` }] } } },
    },
  };
  mount("..first", {
    ...configuration,
    "files/route.yaml": stringify(route),
    ...(await certificate("01")),
  });
  const own = staticConfig({
    namespace: "n",
    ingressClass: "c",
    httpsPort: 443,
    endpoint: { hostname: "dev.example.com" },
  });
  const { websecure } = own.entryPoints;
  const config = {
    log: own.log,
    entryPoints: {
      web: { address: `127.0.0.1:${web}` },
      websecure: { ...websecure, address: `127.0.0.1:${port}` },
    },
    // The cluster's Ingresses, which are not here, left out.
    providers: { ...own.providers, kubernetesIngress: undefined },
    experimental: { localPlugins },
  };
  fs.writeFileSync(path.join(folder, "traefik.yaml"), here(stringify(config)));
  traefik = await start({
    folder,
    program: toolPath("traefik"),
    args: [`--configFile=${path.join(folder, "traefik.yaml")}`],
    ready: () => shown("01"),
  });
});

afterAll(async () => {
  await traefik.stop();
  await editor.close();
  fs.rmSync(folder, { recursive: true });
});

test("a renewed certificate is shown to whoever comes, and cuts nobody's WebSocket", async () => {
  const { socket, serial } = await connect();
  expect(serial).toBe("01");
  socket.setEncoding("latin1");
  socket.write(
    [`GET / HTTP/1.1`, `Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket", "", ""].join("\r\n"),
  );
  const read = async () => String((await once(socket, "data"))[0]);
  expect(await read()).toMatch(/^HTTP\/1\.1 101 /);

  const files = fs.readFileSync(path.join(dynamic, "files/route.yaml"), "utf8");
  mount("..second", { ...configuration, "files/route.yaml": files, ...(await certificate("02")) });
  await shown("02");

  socket.write("still here");
  expect(await read()).toBe("still here");
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});
