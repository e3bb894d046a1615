import { groups, type Listed, verb } from "../command.ts";

export const login: Listed = {
  group: groups.signIn,
  ...verb("login", "", "Log in with the browser, or with a token", () => import("./login.ts")),
};

export const logout: Listed = {
  group: groups.signIn,
  ...verb("logout", "", "Log out", () => import("./logout.ts")),
};

export const whoami: Listed = {
  group: groups.signIn,
  ...verb("whoami", "", "Show who you are", () => import("./whoami.ts")),
};

export const prove: Listed = {
  group: groups.signIn,
  ...verb("prove", "[code]", "Prove with a code from the mail that it is you", () => import("./prove.ts")),
};
