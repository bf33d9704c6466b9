import { totp } from "../sign-in/totp";
import { renamed } from "../../local/sign-in/metrics";
import { translate, translateVariable } from "../../local/sign-in/translate";

const accessControl = {
  default_policy: "deny",
  rules: [
    {
      domain_regex: ["^(?:\\d{4,5}--)?(?P<User>[a-z](?:-?[a-z0-9])*)\\.dev\\.example\\.com$"],
      subject: [["group:developers"], ["group:users"]],
      policy: "two_factor",
    },
  ],
};

/** A configuration of 4.39 with every kind of key that a stack's has. */
const whole = {
  theme: "auto",
  certificates_directory: "/authorities",
  log: { level: "info", format: "json" },
  server: {
    address: "tcp://:9091/",
    disable_healthcheck: true,
    buffers: { read: 16384, write: 16384 },
    endpoints: {
      authz: {
        "forward-auth": { implementation: "ForwardAuth", authn_strategies: [{ name: "CookieSession" }] },
      },
    },
  },
  telemetry: { metrics: { enabled: true, address: "tcp://:9959/metrics" } },
  ntp: { disable_startup_check: true },
  totp: { disable: false, issuer: "dev.example.com" },
  webauthn: { disable: false, enable_passkey_login: true, display_name: "dev.example.com" },
  duo_api: { hostname: "api-1.duosecurity.com" },
  identity_validation: { elevated_session: { require_second_factor: true, skip_second_factor: false } },
  authentication_backend: {
    password_reset: { disable: true },
    password_change: { disable: true },
    refresh_interval: "1m",
    ldap: {
      address: "ldaps://ldap.example.com",
      implementation: "custom",
      start_tls: false,
      tls: { minimum_version: "TLS1.2" },
      base_dn: "dc=example,dc=com",
      users_filter: "(&({username_attribute}={input})(objectClass=person))",
      groups_filter: "(&(member={dn})(objectClass=groupOfNames))",
      attributes: {
        username: "uid",
        display_name: "displayName",
        mail: "mail",
        group_name: "cn",
        member_of: "memberOf",
      },
      user: "cn=reader,dc=example,dc=com",
    },
  },
  access_control: accessControl,
  session: {
    name: "other",
    same_site: "strict",
    cookies: [
      {
        name: "vibecode_session",
        domain: "dev.example.com",
        authelia_url: "https://auth.dev.example.com:8443",
        same_site: "lax",
        expiration: "1h",
        inactivity: "10m",
        remember_me: -1,
      },
    ],
    redis: { host: "valkey", port: 6379, tls: { server_name: "valkey", minimum_version: "TLS1.2" } },
  },
  regulation: { modes: ["user"], max_retries: 3, find_time: "10m", ban_time: "12h" },
  storage: {
    postgres: { address: "tcp://postgres:5433", database: "authelia", username: "authelia" },
  },
  notifier: {
    disable_startup_check: true,
    smtp: { address: "submission://mail.example.com", sender: "VibeCode <sign-in@example.com>" },
  },
};

test("a whole configuration has the keys of 4.37, and says what it lost", () => {
  expect(translate(whole)).toEqual({
    configuration: {
      theme: "auto",
      certificates_directory: "/authorities",
      log: { level: "info", format: "json" },
      server: {
        host: "0.0.0.0",
        port: 9091,
        disable_healthcheck: true,
        buffers: { read: 16384, write: 16384 },
      },
      telemetry: { metrics: { enabled: true, address: "tcp://0.0.0.0:9959" } },
      ntp: { disable_startup_check: true },
      totp: { disable: false, issuer: "dev.example.com" },
      webauthn: { disable: false, display_name: "dev.example.com" },
      duo_api: { hostname: "api-1.duosecurity.com" },
      authentication_backend: {
        password_reset: { disable: true },
        refresh_interval: "1m",
        ldap: {
          url: "ldaps://ldap.example.com",
          implementation: "custom",
          start_tls: false,
          tls: { minimum_version: "TLS1.2" },
          base_dn: "dc=example,dc=com",
          users_filter: "(&({username_attribute}={input})(objectClass=person))",
          groups_filter: "(&(member={dn})(objectClass=groupOfNames))",
          username_attribute: "uid",
          display_name_attribute: "displayName",
          mail_attribute: "mail",
          group_name_attribute: "cn",
          user: "cn=reader,dc=example,dc=com",
        },
      },
      access_control: accessControl,
      session: {
        name: "vibecode_session",
        domain: "dev.example.com",
        same_site: "lax",
        expiration: "1h",
        inactivity: "10m",
        remember_me_duration: -1,
        redis: { host: "valkey", port: 6379, tls: { server_name: "valkey", minimum_version: "TLS1.2" } },
      },
      regulation: { max_retries: 3, find_time: "10m", ban_time: "12h" },
      storage: {
        postgres: { host: "postgres", port: 5433, database: "authelia", username: "authelia" },
      },
      notifier: {
        disable_startup_check: true,
        smtp: { host: "mail.example.com", port: 587, sender: "VibeCode <sign-in@example.com>" },
      },
    },
    check: "/api/verify?rd=https%3A%2F%2Fauth.dev.example.com%3A8443",
    dropped: {
      "webauthn.enable_passkey_login": "it signs nobody in by a passkey alone",
      "identity_validation.elevated_session": "it sends a link, good once, where 4.39 asks for a code",
      "authentication_backend.password_change": "it has no page to change a password on",
      "authentication_backend.ldap.attributes.member_of": "it looks for groups by groups_filter alone",
    },
  });
});

const [cookie] = whole.session.cookies;
const authz = (strategies: object[], more = {}) => ({
  server: {
    endpoints: {
      authz: { "forward-auth": { implementation: "ForwardAuth", authn_strategies: strategies }, ...more },
    },
  },
});

test.each<[string, object, RegExp]>([
  ["an unknown part", { identity_providers: { oidc: {} } }, /^nobody said .* identity_providers$/],
  ["an unknown key", { regulation: { max_retries: 3, tries: 1 } }, /^nobody said .* regulation\.tries$/],
  ["a misspelled key", { notifier: { smtp: { sendr: "" } } }, /^nobody said .* notifier\.smtp\.sendr$/],
  ["a list for a part", { totp: [] }, /^nobody said .* totp$/],
  ["nothing for a part", { storage: null }, /^nobody said .* storage$/],
  ["a second cookie", { session: { cookies: [cookie, cookie] } }, /^session\.cookies must be one/],
  ["no cookie", { session: { cookies: [] } }, /^session\.cookies must be one/],
  [
    "a cookie's unknown key",
    { session: { cookies: [{ ...cookie, path: "/" }] } },
    /^nobody .* session\.path$/,
  ],
  ["no portal", { session: { cookies: [{ ...cookie, authelia_url: undefined }] } }, /authelia_url must be/],
  ["a ban of addresses", { regulation: { modes: ["user", "ip"] } }, /^regulation\.modes must be/],
  ["an unknown directory", { authentication_backend: { ldap: { implementation: "lldap" } } }, /custom/],
  ["a check that reads headers", authz([{ name: "HeaderAuthorization" }]), /CookieSession/],
  [
    "two ways to be checked",
    authz([{ name: "CookieSession" }, { name: "CookieSession" }]),
    /authn_strategies/,
  ],
  ["a second check", authz([{ name: "CookieSession" }], { legacy: {} }), /legacy/],
  ["a socket", { server: { address: "unix:///run/authelia.sock" } }, /^server\.address must be tcp/],
  ["an address with a path", { server: { address: "tcp://:9091/auth" } }, /^server\.address must be tcp/],
  [
    "metrics at another path",
    { telemetry: { metrics: { address: "tcp://:9959/x" } } },
    /^telemetry\.metrics\.address must be/,
  ],
  [
    "an unknown scheme",
    { notifier: { smtp: { address: "http://mail" } } },
    /^notifier\.smtp\.address must be/,
  ],
])("%s is refused, not dropped", (_, changed, message) => {
  expect(() => translate({ ...whole, ...changed })).toThrow(message);
});

test.each([
  ["tcp://:9091/", { host: "0.0.0.0", port: 9091 }],
  ["tcp://127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
  ["tcp://[::1]:80", { host: "::1", port: 80 }],
  ["tcp://authelia", { host: "authelia", port: 9091 }],
])("it listens where %s says", (address, server) => {
  expect(translate({ ...whole, server: { address } }).configuration["server"]).toEqual(server);
});

test.each([
  ["smtp://mail", 25],
  ["submissions://mail", 465],
  ["submissions://mail:1465", 1465],
])("%s is port %d of the mail server", (address, port) => {
  const { configuration } = translate({ ...whole, notifier: { smtp: { address } } });
  expect(configuration["notifier"]).toEqual({ smtp: { host: "mail", port } });
});

test("a secret's variable has the name that 4.37 reads", () => {
  const jwt = "AUTHELIA_IDENTITY_VALIDATION_RESET_PASSWORD_JWT_SECRET_FILE";
  expect(translateVariable(jwt)).toBe("AUTHELIA_JWT_SECRET_FILE");
  expect(translateVariable("AUTHELIA_SESSION_SECRET_FILE")).toBe("AUTHELIA_SESSION_SECRET_FILE");
  expect(() => translateVariable("AUTHELIA_SESSION_SECRET")).toThrow("AUTHELIA_SESSION_SECRET");
});

test("a measure has the name that 4.39 gives it, and labels and other names stay", () => {
  const told = [
    "# HELP authelia_authentication_first_factor The number of 1FA authentications processed.",
    "# TYPE authelia_authentication_first_factor counter",
    'authelia_authentication_first_factor{banned="false",success="true"} 1',
    'authelia_authentication_second_factor{banned="false",success="true",type="TOTP"} 1',
    'authelia_authentication_duration_bucket{success="true",le="0.1"} 1',
    'authelia_authentication_duration_sum{success="true"} 0.05',
    'authelia_verify_request{code="200"} 3',
    'authelia_request{code="200",method="GET"} 3',
    'go_info{version="authelia_verify_request"} 1',
    "authelia_verify_requests 1",
  ];
  expect(renamed(told.join("\n")).split("\n")).toEqual([
    "# HELP authelia_authn The number of 1FA authentications processed.",
    "# TYPE authelia_authn counter",
    'authelia_authn{banned="false",success="true"} 1',
    'authelia_authn_second_factor{banned="false",success="true",type="TOTP"} 1',
    'authelia_authn_duration_bucket{success="true",le="0.1"} 1',
    'authelia_authn_duration_sum{success="true"} 0.05',
    'authelia_authz{code="200"} 3',
    'authelia_request{code="200",method="GET"} 3',
    'go_info{version="authelia_verify_request"} 1',
    "authelia_verify_requests 1",
  ]);
});

// The values of RFC 6238's own table, cut to six digits.
test.each([
  [59, "287082"],
  [1111111109, "081804"],
  [1234567890, "005924"],
  [20000000000, "353130"],
])("an authenticator shows at second %d what the RFC says", (second, digits) => {
  expect(totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", second * 1000)).toBe(digits);
});
