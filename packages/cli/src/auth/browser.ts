import { spawn } from "node:child_process";

/** Opens an address in the desktop's browser, where there is a desktop. The address was printed, so that it fails changes nothing. */
export function openBrowser(address: string, env: Readonly<Record<string, string | undefined>>): void {
  if (!/^https?:/.test(address) || env.SSH_CONNECTION) return;
  const command =
    process.platform === "darwin"
      ? ["open", address]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", address]
        : env.DISPLAY || env.WAYLAND_DISPLAY
          ? ["xdg-open", address]
          : undefined;
  const [program, ...args] = command ?? [];
  if (program === undefined) return;
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.on("error", () => {}); // no such program: the person opens the printed address
  child.unref();
}
