import { execFile } from "node:child_process";
import type { Address } from "./address.ts";

/** Whether the person's own ssh knows the server by this key: `undefined` when it does not know it, or there is no ssh. */
export function knownAs(
  { host, port }: Address,
  key: { readonly type: string; readonly key: string },
): Promise<boolean | undefined> {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return new Promise((resolve) => {
    execFile("ssh-keygen", ["-F", name], { timeout: 5000 }, (error, stdout) => {
      const keys = stdout
        .split("\n")
        .map((line) => line.split(" "))
        .filter(([first]) => first && !first.startsWith("#") && !first.startsWith("@"))
        .map(([, type, blob]) => ({ type, blob }))
        .filter(({ type }) => type === key.type);
      if (error || keys.length === 0) resolve(undefined);
      else resolve(keys.some(({ blob }) => blob === key.key));
    });
  });
}
