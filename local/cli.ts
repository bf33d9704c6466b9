import { Command, Option } from "commander";

import { destroy } from "./commands/destroy";
import { diff } from "./commands/diff";
import { down } from "./commands/down";
import { message } from "./commands/message";
import { password } from "./commands/password";
import { preview, type PreviewOptions } from "./commands/preview";
import { purge } from "./commands/purge";
import { retained } from "./commands/retained";
import { secret } from "./commands/secret";
import { status } from "./commands/status";
import { up } from "./commands/up";
import { logs, shell } from "./commands/workspace";
import { UserError } from "./errors";

const stack = new Option("-s, --stack <name>", "which stacks/Pulumi.<name>.yaml").default("local");

interface StackOption {
  stack: string;
}

const program = new Command("vibecode")
  .description("Runs the platform. The Makefile has a habit for each command.")
  .showHelpAfterError()
  .configureHelp({ showGlobalOptions: true });

program
  .command("up")
  .description("bring the platform up, or up to date")
  .addOption(stack)
  .action((options: StackOption) => up(options.stack));

program
  .command("preview")
  .description("show what `up` would change, and what the policy pack says of it")
  .addOption(stack)
  .option("--state <file>", "compare with what `pulumi stack export` printed")
  .option("--offline", "ask nobody, for a stack of this machine too")
  .option("--detail", "show every property that differs")
  .option("--live", "ask cluster and backend, with your own login")
  .option("--drift", "fail where the cluster is not what the stack's file says")
  .action((options: StackOption & PreviewOptions) => preview(options.stack, options));

program
  .command("diff")
  .description("say in what two stacks differ, and why they may")
  .argument("[a]", "a stack", "")
  .argument("[b]", "another one", "")
  .action(diff);

program
  .command("status")
  .description("say what runs, where, and what is wrong with it")
  .addOption(stack)
  .action((options: StackOption) => status(options.stack));

program
  .command("logs")
  .description("show what a user's workspace writes, its preparation first")
  .argument("<user>", "whose editor")
  .addOption(stack)
  .option("-f, --follow", "go on until interrupted", false)
  .action((user: string, options: StackOption & { follow: boolean }) =>
    logs(options.stack, user, options.follow),
  );

program
  .command("shell")
  .description("open a shell in a user's workspace")
  .argument("<user>", "whose workspace")
  .addOption(stack)
  .action((user: string, options: StackOption) => shell(options.stack, user));

program
  .command("password")
  .description("show what a user types at sign-in")
  .argument("<user>", "whose password")
  .addOption(stack)
  .action((user: string, options: StackOption) => password(options.stack, user));

program
  .command("message")
  .description("show the newest message that sign-in sent, where it sends no mail")
  .addOption(stack)
  .action((options: StackOption) => message(options.stack));

program
  .command("secret")
  .description("keep a secret for a local stack, asked for or piped in; without a name, list them")
  .argument(
    "[name]",
    "its place in the config: claudeToken, secretEnv.<user>.<VARIABLE>, authSecrets.<name>",
    "",
  )
  .addOption(stack)
  .option("--remove", "take it away", false)
  .action((name: string, options: StackOption & { remove: boolean }) =>
    secret(options.stack, name, options.remove),
  );

program
  .command("retained")
  .description("list what is kept of users who left: since when, and how big")
  .addOption(stack)
  .action((options: StackOption) => retained(options.stack));

program
  .command("purge")
  .description("remove for good what is kept of a user who left")
  .argument("<user>", "whose work")
  .addOption(stack)
  .option("--force", "do not ask", false)
  .action((user: string, options: StackOption & { force: boolean }) =>
    purge(options.stack, user, options.force),
  );

program
  .command("down")
  .description("stop all computing and keep the users' work")
  .addOption(stack)
  .action((options: StackOption) => down(options.stack));

program
  .command("destroy")
  .description("remove everything, the users' work included")
  .addOption(stack)
  .option("--force", "do not ask", false)
  .action((options: StackOption & { force: boolean }) => destroy(options.stack, options.force));

program.parseAsync().catch((error: unknown) => {
  // A UserError is for the person who typed the command; anything else is ours to mend, and needs its stack.
  console.error(error instanceof UserError ? `\n${error.message}` : error);
  process.exitCode = 1;
});
