/* global document, location, history, URLSearchParams */

import { ask, Failure } from "./api.js";
import { draw } from "./code.js";
import { below, keep, kept } from "./way.js";

const settings = await ask("/sign-in/settings.json").catch(() => ({
  domain: location.hostname,
  messages: "mail",
}));
const find = (selector) => document.querySelector(selector);
const all = (selector) => document.querySelectorAll(selector);
const query = new URLSearchParams(location.search);

/** The link's token; no address of the history keeps it. */
let token = location.pathname === "/one-time-password/register" ? query.get("token") : null;
if (token !== null) history.replaceState(null, "", "/");

/** Where to go in the end: what sign-in was asked for, now or before the link was sent. */
const wanted =
  below(query.get("rd"), settings.domain) ?? (token === null ? undefined : kept(settings.domain));
let failures = 0;

const titles = {
  password: "Sign in",
  digits: "Second step",
  ask: "Set up your second step",
  sent: "Look for a message",
  home: "Signed in",
  other: "No second step here",
  away: "Sign-in does not answer",
};

/** Shows one step. `words.note` is good news, `words.problem` is not. */
function show(step, words = {}) {
  for (const section of all("[data-step]")) section.hidden = section.dataset.step !== step;
  const title = words.title ?? titles[step];
  find("#title").textContent = title;
  document.title = `${title} · ${settings.domain}`;
  say(words);
  const field = step === "password" && find("#name").value !== "" ? find("#password") : undefined;
  (field ?? find(`[data-step="${step}"] input`) ?? find("#title")).focus();
}

function say({ note = "", problem = "" }) {
  find("#note").textContent = note;
  find("#note").hidden = note === "";
  find("#problem").textContent = problem;
}

/** Where the person stands, by what Authelia says. */
async function look(words) {
  const state = await ask("/api/state");
  if (state.authentication_level === 0) {
    if (token !== null) show("password", { note: "Sign in first, then the link is used.", ...words });
    else show("password", words);
    return;
  }
  if (state.authentication_level >= 2) {
    await arrive();
    return;
  }
  if (token !== null) {
    await useLink();
    return;
  }
  const { available_methods: methods } = await ask("/api/configuration");
  const { has_totp: registered } = await ask("/api/user/info", {});
  setUp(false);
  if (!methods.includes("totp")) show("other", words);
  else show(registered ? "digits" : "ask", words);
}

/** Signed in with all that is asked for: to where one came from, or to what there is. */
async function arrive(redirect) {
  const there = below(redirect, settings.domain);
  if (there !== undefined || (await isSafe(wanted))) {
    location.replace(there ?? wanted);
    return;
  }
  const { username } = await ask("/api/state");
  const { display_name: name } = await ask("/api/user/info", {});
  const port = location.port === "" ? "" : `:${location.port}`;
  const address = `https://${username}.${settings.domain}${port}`;
  find("[data-name]").textContent = name === "" || name === username ? username : `${name} (${username})`;
  find("[data-workspace]").href = address;
  find("[data-address]").textContent = address;
  show("home");
}

/** Authelia's own word on an address. */
const isSafe = async (uri) =>
  uri !== undefined && (await ask("/api/checks/safe-redirection", { uri }).catch(() => ({}))).ok === true;

/** Whether the authenticator of the digits is being set up. */
function setUp(begun) {
  find("#new").hidden = !begun;
  find('[data-do="another"]').hidden = begun;
}

/** Finishes the registration that the link began. */
async function useLink() {
  const used = token;
  token = null;
  try {
    const made = await ask("/api/secondfactor/totp/identity/finish", { token: used });
    draw(find("#code"), made.otpauth_url);
    find("#key").textContent = made.base32_secret.replace(/.{4}(?=.)/g, "$& ");
    setUp(true);
    show("digits", { title: "Set up your authenticator" });
  } catch (error) {
    if (!(error instanceof Failure) || error.why !== "refused") throw error;
    show("ask", {
      problem: "That link was used already, is older than five minutes, or is somebody else's.",
    });
  }
}

const lock = () => {
  if (settings.lock === undefined) return "";
  const { tries, within, lasts } = settings.lock;
  if (failures < 2) return "";
  return failures < tries
    ? ` After ${tries} wrong tries within ${within} a name is locked for ${lasts}.`
    : ` After ${tries} wrong tries within ${within} a name is locked, also for the right password. It opens again after ${lasts}.`;
};

const deeds = {
  async password(form) {
    const username = form.elements.username.value.trim();
    try {
      const { redirect } = await ask("/api/firstfactor", {
        username,
        password: form.elements.password.value,
        keepMeLoggedIn: form.elements.remember.checked,
        requestMethod: query.get("rm") ?? "GET",
        ...(wanted === undefined ? {} : { targetURL: wanted }),
      });
      failures = 0;
      if (redirect === undefined) await look();
      else await arrive(redirect);
    } catch (error) {
      if (!(error instanceof Failure) || error.why !== "wrong") throw error;
      failures += 1;
      wrong(find("#password"), `Name or password is wrong.${lock()}`);
    } finally {
      form.elements.password.value = "";
    }
  },
  async digits(form) {
    try {
      const { redirect } = await ask("/api/secondfactor/totp", {
        token: form.elements.digits.value,
        ...(wanted === undefined ? {} : { targetURL: wanted }),
      });
      await arrive(redirect);
    } catch (error) {
      if (!(error instanceof Failure) || error.why !== "wrong") throw error;
      wrong(find("#digits"), "These digits are wrong, or no longer right. Type those that you see now.");
    } finally {
      form.elements.digits.value = "";
    }
  },
  another() {
    show("ask", { title: "Set up another authenticator" });
  },
  async send() {
    await ask("/api/secondfactor/totp/identity/start", {});
    keep(wanted);
    show("sent");
  },
  async leave() {
    await ask("/api/logout", {});
    find("#name").value = "";
    failures = 0;
    show("password", { note: "You are signed out." });
  },
  async again() {
    await look();
  },
};

function wrong(input, problem) {
  say({ problem });
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

const problems = {
  many: "Too many tries at once. Wait a moment, then try again.",
  refused: "Sign-in refused that. Try again, or ask who runs the stack.",
  wrong: "Sign-in refused that. Try again, or ask who runs the stack.",
};

/** One deed at a time, and a word on what keeps it from being done. */
async function act(deed) {
  const main = find("main");
  if (main.getAttribute("aria-busy") === "true") return;
  main.setAttribute("aria-busy", "true");
  for (const input of all("[aria-invalid]")) input.removeAttribute("aria-invalid");
  try {
    await deed();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.why === "lost") await look({ problem: "Your session has ended. Sign in again." }).catch(away);
    else if (error.why === "away") away();
    else say({ problem: problems[error.why] });
  } finally {
    main.removeAttribute("aria-busy");
  }
}

const away = () => show("away", { problem: "It may be starting. Try again in a moment." });

for (const form of all("form"))
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => deeds[form.closest("[data-step]").dataset.step](form));
  });
for (const button of all("[data-do]")) button.addEventListener("click", () => act(deeds[button.dataset.do]));
// The sixth digit is the last thing to type.
find("#digits").addEventListener("input", (event) => {
  const field = event.target;
  field.value = field.value.replace(/\D/g, "");
  if (field.value.length === 6) field.form.requestSubmit();
});
// Somebody may have gone on by the link, in another tab.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !find('[data-step="sent"]').hidden)
    act(async () => {
      const { authentication_level: level } = await ask("/api/state");
      if (level !== 1) await look();
    });
});

for (const element of all("[data-domain]")) element.textContent = settings.domain;
for (const element of all("[data-messages]")) element.hidden = element.dataset.messages !== settings.messages;
if (settings.remember !== undefined) {
  find("[data-remember]").textContent = settings.remember;
  find("#remember").hidden = false;
}
act(location.pathname === "/logout" ? deeds.leave : look);
