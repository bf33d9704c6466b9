/** Where things are in Grafana's container. */
export const paths = {
  settings: "/etc/grafana/grafana.ini",
  provisioning: "/etc/grafana/provisioning",
  dashboards: "/etc/grafana/dashboards",
  data: "/var/lib/grafana",
  secrets: "/etc/grafana-secrets",
};
export const keyFile = "secret-key";

export interface SettingsArgs {
  /** `grafana.dev.example.com` */
  host: string;
  /** The port people type, where it is not 443. */
  httpsPort: number;
  /** The header in which sign-in names who asks. Nobody but Traefik reaches Grafana, which takes away a caller's own. */
  userHeader: string;
}

/** The data source that dashboards name. */
export const dataSource = "prometheus";

type Section = Record<string, string | number | boolean>;

/** Grafana's settings: who comes is known by sign-in's header alone, and nothing is asked of the internet. */
export function settings({ host, httpsPort, userHeader }: SettingsArgs): string {
  const sections: Record<string, Section> = {
    server: {
      http_port: 3000,
      domain: host,
      root_url: `https://${host}${httpsPort === 443 ? "" : `:${httpsPort}`}/`,
    },
    paths: { data: paths.data, provisioning: paths.provisioning },
    log: { mode: "console", level: "warn" },
    "log.console": { format: "json" },
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    news: { news_feed_enabled: false },
    snapshots: { external_enabled: false },
    plugins: { plugin_admin_enabled: false, preinstall_disabled: true },
    security: {
      disable_initial_admin_creation: true,
      disable_gravatar: true,
      cookie_secure: true,
      secret_key: `$__file{${paths.secrets}/${keyFile}}`,
    },
    // Whoever gets here is an administrator of the platform; what they save is gone with the pod, dashboards are code.
    users: { allow_sign_up: false, auto_assign_org_role: "Editor" },
    auth: { disable_login_form: true, disable_signout_menu: true },
    "auth.anonymous": { enabled: false },
    "auth.basic": { enabled: false },
    "auth.proxy": {
      enabled: true,
      header_name: userHeader,
      header_property: "username",
      auto_sign_up: true,
      // Asked at each request: who lost the right is out at once.
      enable_login_token: false,
    },
    // Prometheus and Alertmanager see to alerts.
    unified_alerting: { enabled: false },
    metrics: { enabled: true },
  };
  return Object.entries(sections)
    .map(([name, entries]) =>
      [`[${name}]`, ...Object.entries(entries).map(([key, value]) => `${key} = ${value}`), ""].join("\n"),
    )
    .join("\n");
}

/** Prometheus, for every dashboard. */
export const dataSources = (url: string) => ({
  apiVersion: 1,
  datasources: [
    {
      name: "Prometheus",
      uid: dataSource,
      type: "prometheus",
      access: "proxy",
      url,
      isDefault: true,
      editable: false,
      // No graph is finer than what was scraped.
      jsonData: { timeInterval: "30s", httpMethod: "POST", manageAlerts: false },
    },
  ],
});

/** The dashboards of a folder. */
export const dashboardProvider = {
  apiVersion: 1,
  providers: [
    {
      name: "vibecode",
      folder: "VibeCode",
      type: "file",
      disableDeletion: true,
      allowUiUpdates: false,
      options: { path: paths.dashboards },
    },
  ],
};
