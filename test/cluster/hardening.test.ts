import { deploy } from "../platform/deploy";
import { inWorkspace } from "../platform/kubectl";

// What alice finds when she looks around in her own workspace, as the user that every terminal and task of hers is.

/** What a command prints in the workspace, its errors included. */
const inside = (command: string): string => inWorkspace("alice", `{ ${command}\n} 2>&1; true`).trim();
const lines = (command: string): string[] =>
  inside(command)
    .split("\n")
    .filter((line) => line !== "")
    .sort();

beforeAll(async () => {
  await deploy({ users: ["alice", "bob"] });
}, 600_000);

test.each([
  ["the shell", "self"],
  ["the editor", "$(pgrep -f -o code-server/out/node/entry)"],
  ["the container's first process", "1"],
])("%s is nobody special: no capability, no way to get one, system calls filtered", (_, pid) => {
  expect(lines(`grep -E '^(Cap|NoNewPrivs|Seccomp:|Uid|Gid|Groups)' /proc/${pid}/status`)).toEqual([
    "CapAmb:\t0000000000000000",
    "CapBnd:\t0000000000000000",
    "CapEff:\t0000000000000000",
    "CapInh:\t0000000000000000",
    "CapPrm:\t0000000000000000",
    "Gid:\t1000\t1000\t1000\t1000",
    "Groups:\t1000 ",
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
    "Uid:\t1000\t1000\t1000\t1000",
  ]);
});

test("the root file system is read-only", () => {
  expect(inside("awk '$2 == \"/\" { print substr($4, 1, 3) }' /proc/mounts")).toBe("ro,");
});

test("nothing can be written but the home, /tmp, /extensions, and memory that the size counts", () => {
  const own = "-path /proc -o -path /home/coder -o -path /tmp -o -path /extensions";
  // Devices that take what is written and keep nothing.
  const found = lines(`find / \\( ${own} \\) -prune -o -writable ! -type l ! -type c -print 2>/dev/null`);
  expect(found).toEqual(["/dev/mqueue", "/dev/shm"]);
  for (const folder of ["/home/coder", "/tmp", "/extensions"])
    expect(inside(`touch ${folder}/probe && rm ${folder}/probe && echo written`)).toBe("written");
});

test("no file gives its caller other rights: neither by a set-id bit nor by capabilities", () => {
  expect(lines("find / -path /proc -prune -o -type f -perm /6000 -print 2>/dev/null")).toEqual([]);
  const walk = `python3 - <<'END'
import os
seen = 0
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [name for name in folders if name not in ("proc", "sys")]
    for file in files:
        path = os.path.join(folder, file)
        try:
            seen += 1
            if "security.capability" in os.listxattr(path, follow_symlinks=False):
                print(path)
        except OSError:
            pass
print("all", seen > 10000)
END`;
  expect(lines(walk)).toEqual(["all True"]);
});

test.each([
  ["sudo", "sudo -n id -u", /not found/],
  [
    "su",
    "su -c 'id -u' root </dev/null",
    /must be run from a terminal|Authentication failure|Permission|suid/i,
  ],
  ["a user namespace", "unshare --user --map-root-user id -u", /Operation not permitted/],
  ["a mount", "mount -t tmpfs none /tmp", /permitted|superuser|denied/i],
  ["another namespace", "nsenter -t 1 -m id -u", /denied|permitted/i],
  ["the kernel's log", "dmesg | head -1", /permitted/],
])("%s makes nobody root", (_, command, refusal) => {
  const said = inside(command);
  expect(said).toMatch(refusal);
  expect(said).not.toMatch(/^0$/m);
});

test("there is no token, and of Services no name but the API server's, which every pod is told", () => {
  expect(inside("ls /var/run/secrets")).toContain("No such file");
  expect(lines("mount | grep -i -E 'secret|token'")).toEqual([]);
  // bob's Service and alice's own are there; `enableServiceLinks: false` keeps them out.
  expect(lines("env | grep -o -E '^[A-Z_]+_SERVICE_HOST'")).toEqual(["KUBERNETES_SERVICE_HOST"]);
});

test("nobody else's processes are seen", () => {
  expect(inside("cat /proc/1/cmdline | tr '\\0' ' '")).toMatch(/^tini -- /);
  expect(lines("ps -e -o user= | sort -u")).toEqual(["coder"]);
});
