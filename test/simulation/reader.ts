import { projectOf } from "@berth/domain/app/app.ts";
import type { Answer, Ask } from "./api.ts";
import type { Customer } from "./customer.ts";
import type { Hearing, Reading } from "./reading.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";

/** How a reader is: how long it reads on, how it pauses, and whether it says that it stops. */
export interface Manner {
  readonly seconds: number;
  readonly pauses: boolean;
  readonly closes: boolean;
  readonly follow: boolean;
  readonly tail: number;
}

/** People and agents who read logs as the command line does: one question after the other, each for what comes after the last answer. */
export function createReaders(
  stage: Stage,
  ask: Ask,
  reading: Reading,
  servers: ReadonlyMap<string, Server>,
  hostOf: (tenant: string, name: string) => string,
) {
  const { chance, clock, swarm, violate } = stage;
  let going = 0;
  const pause = (milliseconds: number) => new Promise<void>((resolve) => clock.after(milliseconds, resolve));

  async function open({ token, tenant }: Customer, app: string, once: string, manner: Manner): Promise<Hearing | undefined> {
    const { follow, tail } = manner;
    for (let tries = 0; tries < 4; tries++) {
      const answer = await ask("POST", `/v1/apps/${app}/logs`, { token, tenant, once, body: { follow, tail } });
      if (answer?.status === 201) {
        const names = answer.body.targets as string[];
        return {
          session: answer.body.id,
          tenant,
          hosts: new Map(names.map((name) => [name, hostOf(tenant, name)])),
          openedAt: clock.now(),
          last: new Map(),
          skipped: new Map(),
          leftOut: new Map(),
          unreadable: new Set(),
          next: 0,
        };
      }
      if (answer && answer.status < 500 && answer.body?.code !== "idempotency.busy") return undefined;
      await pause(chance.between(500, 4000));
    }
    return undefined;
  }

  const strangers = ({ text }: Answer, tenant: string) =>
    [...text.matchAll(/ten_[0-9A-Z]{26}/g)].map(([other]) => other).find((other) => other !== tenant);

  async function read(customer: Customer, app: string, once: string, manner: Manner): Promise<void> {
    const { token, tenant, hostile = false } = customer;
    const hearing = await open(customer, app, once, manner);
    if (!hearing) return;
    const until = clock.now() + manner.seconds * 1000;
    const path = `/v1/logs/${hearing.session}`;
    let well = clock.now();
    while (clock.now() < until) {
      const answer = await ask(
        "GET",
        `${path}?after=${hearing.next}&wait=${Math.max(1, Math.min(15, Math.ceil((until - clock.now()) / 1000)))}`,
        { token, tenant },
      );
      if (answer?.status === 200) {
        const other = strangers(answer, tenant);
        if (other) violate("8 no tenant reaches another's", `logs of ${tenant} name ${other}`);
        const prompt = clock.now() - well < 17_000;
        well = clock.now();
        reading.heard(hearing, answer.body.items, answer.body.next, hostile || !prompt || manner.pauses);
        if (answer.body.ended) return;
      } else {
        if (answer?.status === 404) violate("13 what is read stays", `${hearing.session} is gone while it is read`);
        await pause(chance.between(500, 3000));
      }
      if (manner.pauses && chance.hit(0.3)) await pause(chance.between(0, 50_000));
    }
    const calmSince = swarm.calm ? hearing.openedAt : swarm.quietSince();
    if (
      manner.follow &&
      !manner.pauses &&
      !hostile &&
      clock.now() - calmSince > 100_000 &&
      clock.now() - hearing.openedAt > 100_000
    )
      reading.readOn(hearing, servers, projectOf(app, "production"));
    if (manner.closes) await ask("DELETE", path, { token, tenant });
  }

  return {
    going: () => going,
    async read(customer: Customer, app: string, once: string, manner: Manner): Promise<void> {
      going++;
      await read(customer, app, once, manner);
      going--;
    },
    /** Most read for a minute or so; some leave without a word, and some read on for long. */
    manner: (): Manner => ({
      seconds: chance.hit(0.2) ? chance.between(120, 260) : chance.between(5, 80),
      pauses: chance.hit(0.2),
      closes: chance.hit(0.5),
      follow: chance.hit(0.85),
      tail: chance.pick([0, 1, 10, 100]),
    }),
  };
}
export type Readers = ReturnType<typeof createReaders>;
