/** What is told of a platform to what watches it. */
export const watchOptions = {
  cluster: "production",
  domain: "ide.example.com",
  ingressNamespace: "vibecode-ingress",
  signInNamespace: "vibecode-auth",
  monitoringNamespace: "vibecode-monitoring",
};
