/** A user with every setting that the config has. */
export const everything = (name: string) => ({
  name,
  fullName: "Ada Lovelace",
  email: "ada@example.com",
  size: "small",
  home: "20Gi",
  state: "running",
  groups: ["developers"],
  extensions: ["golang.go"],
  sshKey: true,
  dotfiles: "https://git.example.com/ada/dotfiles",
  kubernetesAccess: "edit",
});

/** The secret environment variables of such a user, which the config keeps apart. */
export const secretEnv = { TOKEN: "secret" };

/** What the stack's config has besides for such a user: extensions come from somewhere. */
export const workspace = { gallery: { serviceUrl: "https://gallery.example.com" } };
