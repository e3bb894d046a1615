import type { Project, Server } from "./server.ts";
import type { Stage } from "./stage.ts";

/** A line a container said: its number counts from 1, and is in its text. */
export interface Said {
  readonly at: string;
  readonly nth: number;
  readonly text: string;
}

/** A container, and what it says: as much of it as somebody may hear. */
export interface Voice {
  readonly id: string;
  readonly tenant: string;
  readonly bornAt: number;
  readonly lines: Said[];
  /** Milliseconds between two lines, about. */
  readonly pace: number;
  /** Says more at once than may be kept, some time. */
  floodAt: number;
  nextAt: number;
}

/** What was said longer ago while nobody listened was not said: nobody hears it. */
const SILENCE_MILLISECONDS = 90_000;
const FLOOD_LINES = 1700;
const LONG = "x".repeat(2800);

/** Containers by what runs on servers; they speak when somebody listens, and then of the time since. */
export function createVoices(stage: Stage) {
  const { chance, clock } = stage;
  const voices = new Map<string, Voice>();
  const running = new Map<Project, { readonly serves: number; readonly voice: Voice }>();

  function speak(voice: Voice): void {
    const now = clock.now();
    if (now - voice.nextAt > SILENCE_MILLISECONDS) voice.nextAt = now - chance.between(10_000, SILENCE_MILLISECONDS);
    const say = (long: boolean) => {
      const nth = voice.lines.length + 1;
      const at = `${new Date(voice.nextAt).toISOString().slice(0, -1)}000000Z`;
      voice.lines.push({ at, nth, text: `${voice.id} ${nth} of ${voice.tenant}${long ? LONG : ""}` });
    };
    while (voice.nextAt <= now) {
      const flood = voice.floodAt <= voice.nextAt;
      if (flood) voice.floodAt = Number.POSITIVE_INFINITY;
      // Several in one millisecond: only their number tells them apart.
      const many = flood ? FLOOD_LINES : chance.hit(0.2) ? chance.between(2, 4) : 1;
      for (let i = 0; i < many; i++) say(flood);
      voice.nextAt += Math.ceil(voice.pace * (0.2 + 1.6 * chance.next()));
    }
  }

  /** The app's only container there; none where nothing runs. */
  function voiceOf(server: Server, name: string): Voice | undefined {
    const project = server.projects.get(name);
    if (project?.serves === undefined) return undefined;
    const found = running.get(project);
    if (found?.serves === project.serves) return found.voice;
    const now = clock.now();
    const voice: Voice = {
      id: Buffer.from(chance.bytes(6)).toString("hex"),
      tenant: server.tenant,
      bornAt: now,
      lines: [],
      pace: chance.pick([400, 1500, 6000, 15_000]),
      floodAt: chance.hit(0.02) ? now + chance.between(0, 40_000) : Number.POSITIVE_INFINITY,
      nextAt: now,
    };
    running.set(project, { serves: project.serves, voice });
    voices.set(voice.id, voice);
    return voice;
  }

  return { voiceOf, speak, voices: voices as ReadonlyMap<string, Voice> };
}
export type Voices = ReturnType<typeof createVoices>;
