// Installs the extensions that the stack's list names, updates them to the listed version and removes those that left
// the list, if it was us who installed them. Each that fails is one line on standard output.
import { execFileSync, spawnSync } from "node:child_process";
import { log } from "node:console";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { env, stderr } from "node:process";

const folder = "/extensions";
const offered = "/opt/workspace/extensions";
const stateFile = `${folder}/.workspace.json`;
/** Seconds for one extension and for all. */
const limit = { one: 60, all: 180 };

const label = "[a-z0-9][a-z0-9-]*";
const version = "\\d+\\.\\d+\\.\\d+(?:-[0-9a-z.-]+)?";
const word = new RegExp(`^(${label}\\.${label})(?:@(${version}))?$`);
const fileName = new RegExp(`^(${label}\\.${label})-(${version})\\.vsix$`);

const newer = (one, other) => one.localeCompare(other, "en", { numeric: true }) > 0;
const problem = (id, text) => log(`extension ${id}: ${text}`);

/** The list: identifier to the version that is asked for, if one is. Of two entries the later one counts. */
function listed() {
  const list = new Map();
  for (const entry of (env.WORKSPACE_EXTENSIONS ?? "").split(/\s+/).filter(Boolean)) {
    const [, id, pinned] = word.exec(entry.toLowerCase()) ?? [];
    if (id === undefined) problem(entry, "not publisher.name or publisher.name@1.2.3");
    else list.set(id, pinned);
  }
  return list;
}

/** The VSIX files that came with the image, the newest of each identifier last. */
function filesOf(id) {
  const names = existsSync(offered) ? readdirSync(offered) : [];
  return names
    .flatMap((name) => {
      const [, of, version] = fileName.exec(name.toLowerCase()) ?? [];
      return of === id ? [{ version, path: `${offered}/${name}` }] : [];
    })
    .sort((one, other) => (newer(one.version, other.version) ? 1 : -1));
}

/** What the editor counts as installed. */
function entries() {
  const file = `${folder}/extensions.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
}

const idOf = (entry) => entry.identifier.id.toLowerCase();

/** Identifier to version of what is installed. */
const installed = () => new Map(entries().map((entry) => [idOf(entry), entry.version]));

/** Those installed that do not work without the given one. */
function dependents(id) {
  return entries().flatMap((entry) => {
    try {
      const manifest = JSON.parse(readFileSync(`${folder}/${entry.relativeLocation}/package.json`, "utf8"));
      const needs = manifest.extensionDependencies ?? [];
      return needs.some((need) => need.toLowerCase() === id) ? [idOf(entry)] : [];
    } catch {
      return [];
    }
  });
}

/** Those that we installed: identifier to the listed one that brought it, itself or one that needs it. */
const ours = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, "utf8")) : {};

function save() {
  writeFileSync(`${stateFile}.new`, `${JSON.stringify(ours)}\n`);
  renameSync(`${stateFile}.new`, stateFile);
}

const scratch = mkdtempSync("/tmp/extensions-");
const end = Date.now() + limit.all * 1000;

/** Runs the editor's own command, which needs no home: that may be full. Gives why it failed. */
function codeServer(option) {
  const left = Math.min(limit.one, Math.ceil((end - Date.now()) / 1000));
  if (left < 5) return `not tried, the others took ${limit.all} seconds`;
  const words = [
    "code-server",
    `--extensions-dir=${folder}`,
    `--user-data-dir=${scratch}`,
    "--force",
    option,
  ];
  const ran = spawnSync("timeout", ["-k", "5", String(left), ...words], {
    encoding: "utf8",
    // Without a gallery of ours the editor would ask a public one for what a VSIX file needs.
    env: { ...env, HOME: scratch, ...(gallery ? {} : { EXTENSIONS_GALLERY: "{}" }) },
  });
  stderr.write(ran.stdout + ran.stderr);
  if (ran.status === 0) return undefined;
  if (ran.status === 124 || ran.status === 137) return `not done after ${left} seconds`;
  return reason(ran.stderr);
}

/** The line that names the cause, among frames of stacks and advice. */
function reason(text) {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/^\[[^\]]*\] +\w+ +\S+ /, ""))
    .filter((line) => line !== "" && !/^(\s|[{}]|Make sure|Failed Installing)/.test(line));
  return (
    lines.at(-1)?.replace(/^Error while installing extensions?[^:]*: |^Error: /, "") ??
    "the reason is in the log"
  );
}

/** A file under a wrong name would install something that nobody listed. */
function mismatch(id, { version, path }) {
  try {
    const text = execFileSync("unzip", ["-p", path, "extension/package.json"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const manifest = JSON.parse(text);
    const said = `${manifest.publisher}.${manifest.name}-${manifest.version}`;
    if (said.toLowerCase() !== `${id}-${version}`) return `the image's file of that name holds ${said}`;
  } catch {
    return "the image's file is no VSIX file";
  }
}

let gallery = false;
try {
  gallery = Boolean(JSON.parse(env.EXTENSIONS_GALLERY || "{}").serviceUrl);
} catch {
  log("extensions: the gallery's settings are not JSON");
}
let galleryAnswers = true;

/** Installs one where it is missing or has another version than is asked for. */
function ensure(id, pinned) {
  const before = installed();
  const has = before.get(id);
  const files = filesOf(id);
  const file = pinned === undefined ? files.at(-1) : files.find(({ version }) => version === pinned);
  const wanted = pinned ?? file?.version;
  if (has !== undefined && (wanted === undefined || wanted === has)) return;
  // The editor itself may have updated one without a version.
  if (has !== undefined && pinned === undefined && !newer(wanted, has)) return;

  if (file === undefined && !gallery) {
    const offers = files.length === 0 ? "" : `, which has ${files.map(({ version }) => version).join(", ")}`;
    return problem(
      id,
      `${pinned ?? "it"} is not among the image's extensions${offers}, and there is no gallery`,
    );
  }
  const wrong = file && mismatch(id, file);
  if (wrong) return problem(id, wrong);
  if (file === undefined && !galleryAnswers) return problem(id, "not tried, the gallery does not answer");

  // Noted first: what is installed without a note would pass for a person's own.
  if (has === undefined && ours[id] === undefined) {
    ours[id] = id;
    save();
  }
  const failure = codeServer(`--install-extension=${file?.path ?? (pinned ? `${id}@${pinned}` : id)}`);
  const after = installed();
  for (const other of after.keys()) if (!before.has(other)) ours[other] ??= id;
  if (!after.has(id)) delete ours[id];
  save();
  if (file === undefined && failure?.startsWith("not done")) galleryAnswers = false;
  const now = after.get(id);
  if (failure !== undefined) problem(id, / not found\.$/.test(failure) ? notFound(pinned) : failure);
  else if (now === undefined || (wanted ?? now) !== now)
    problem(id, "not installed, the reason is in the log");
}

const notFound = (pinned) => `no such extension in the gallery${pinned ? ` with version ${pinned}` : ""}`;

/** Removes one that we installed. */
function remove(id) {
  if (installed().has(id)) {
    const failure = codeServer(`--uninstall-extension=${id}`);
    if (failure !== undefined && installed().has(id)) return problem(id, `not removed: ${failure}`);
  }
  delete ours[id];
  save();
}

/** Removes what left the list, each after those that need it; what others still need stays. */
function removeUnlisted(list) {
  const tried = new Set();
  const leaving = (id) =>
    !list.has(id) && !list.has(ours[id]) && !tried.has(id) && dependents(id).length === 0;
  for (let id; (id = Object.keys(ours).find(leaving)) !== undefined;) {
    tried.add(id);
    attempt(id, () => remove(id));
  }
}

/** What one cannot do, as on a full disk, must not keep the others from it. */
function attempt(id, action) {
  try {
    action();
  } catch (error) {
    problem(id, error.message);
  }
}

try {
  const list = listed();
  for (const [id, pinned] of list) attempt(id, () => ensure(id, pinned));
  removeUnlisted(list);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
