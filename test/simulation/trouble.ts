import type { Run, Server } from "./server.ts";
import type { Stage } from "./stage.ts";

/** What may befall a server while a run goes on. `soon` happens unless the run has died by then. */
export function createTrouble(
  { chance, clock, swarm, tell }: Stage,
  soon: (run: Run, milliseconds: number, act: () => void) => void,
) {
  function trouble(server: Server, run: Run): void {
    const within = (milliseconds: number, act: () => void) =>
      soon(run, chance.between(0, milliseconds), () => swarm.isQuiet() || act());
    if (swarm.strike("server rebooted")) within(chance.hit(0.3) ? 20 * 60_000 : 60_000, () => reboot(server));
    if (swarm.strike("server silent"))
      within(60_000, () => {
        server.silentUntil = clock.now() + chance.between(5_000, 40 * 60_000);
        tell(server.host, "falls silent");
        breakLines(server);
      });
    if (swarm.strike("docker hung")) server.hungUntil = clock.now() + chance.between(1000, 180_000);
    if (swarm.strike("disk full")) server.fullUntil = clock.now() + chance.between(1000, 300_000);
  }

  function reboot(server: Server): void {
    tell(server.host, "reboots");
    server.up = false;
    if (server.mutation) {
      server.mutation.alive = false;
      server.mutation.life++;
      server.mutation.followers.clear();
    }
    server.mutation = undefined;
    server.asking = undefined;
    breakLines(server);
    clock.after(chance.between(20_000, 120_000), () => {
      server.up = true;
      tell(server.host, "is up");
    });
  }

  const breakLines = (server: Server) => {
    for (const lose of server.lines) lose();
    server.lines.clear();
  };

  return { trouble, reboot };
}
