import { networkPolicy } from "../../components/ingress/network";
import { at, find, minimal, runProgram } from "./mocks";

const port = (number: number, protocol = "TCP") => ({ protocol, port: number });
const dnsPods = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
};
const workspaces = {
  namespaceSelector: {
    matchLabels: { "app.kubernetes.io/name": "workspace", "app.kubernetes.io/part-of": "vibecode" },
  },
};

describe("Traefik's network policy", () => {
  test("lets the world to the two ports of the door and to nothing else", () => {
    const { podSelector, policyTypes, ingress } = networkPolicy({ apiServer: [], dns: [] }, []);
    expect(podSelector).toEqual({});
    expect(policyTypes).toEqual(["Ingress", "Egress"]);
    expect(ingress).toEqual([{ ports: [port(8000), port(8443)] }]);
  });

  test("lets Traefik to names, editors and the API server where the stack says they are, and to nothing else", () => {
    const { egress } = networkPolicy({ apiServer: ["192.0.2.1/32"], dns: ["169.254.20.10/32"] }, []);
    expect(egress).toEqual([
      { to: [dnsPods, { ipBlock: { cidr: "169.254.20.10/32" } }], ports: [port(53, "UDP"), port(53)] },
      { to: [workspaces], ports: [port(8080)] },
      { to: [{ ipBlock: { cidr: "192.0.2.1/32" } }], ports: [port(443), port(6443)] },
    ]);
  });

  test("lets Traefik to the pods that it asks who is there", () => {
    const pods = { "app.kubernetes.io/name": "authelia" };
    const { egress } = networkPolicy({ apiServer: [], dns: [] }, [{ namespace: "auth", pods, port: 9091 }]);
    expect(egress).toContainEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "auth" } },
          podSelector: { matchLabels: pods },
        },
      ],
      ports: [port(9091)],
    });
  });

  test("leaves only the API server's ports open where the stack does not say where it is", () => {
    const { egress } = networkPolicy({ apiServer: [], dns: [] }, []);
    expect(egress).toEqual([
      { to: [dnsPods], ports: [port(53, "UDP"), port(53)] },
      { to: [workspaces], ports: [port(8080)] },
      { ports: [port(443), port(6443)] },
    ]);
  });

  test("stands in Traefik's namespace, and finds the users' namespaces by labels that they have", async () => {
    const run = await runProgram(minimal);
    const policy = find(run, "NetworkPolicy", "ingress-network").inputs;
    expect(at(policy, "metadata", "namespace")).toBe("vibecode-ingress");
    expect(at(find(run, "Namespace", "alice-namespace").inputs, "metadata", "labels")).toMatchObject(
      workspaces.namespaceSelector.matchLabels,
    );
  });
});
