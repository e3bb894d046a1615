import type { Agent } from "@berth/local/ssm/run-command.ts";
import type { Server } from "./server.ts";

let scripts = 0;

/** Runs on a server of the lab what SSM sends it, as root and with an environment like that of systemd. A command is never ended from outside. */
export const agentOf =
  (server: Server): Agent =>
  async (script) => {
    const file = `/run/ssm-script-${++scripts}`;
    const encoded = Buffer.from(script).toString("base64");
    const out = await server.exec(
      `printf %s '${encoded}' | base64 -d >${file}
       env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh ${file} 2>${file}.errors; code=$?
       printf '\\n%s' "$code"; rm -f ${file} ${file}.errors`,
    );
    const at = out.lastIndexOf("\n");
    return { code: Number(out.slice(at + 1)), stdout: out.slice(0, at), stderr: "" };
  };
