import { offWords } from "@berth/domain/entitlement/words.ts";
import { Link } from "wouter-preact";
import { Refused } from "../api.ts";
import { Prose } from "./prose.tsx";

/** A path of ours that helps, where it names one. An address of anybody else's is never made a link. */
function fixPath(problem: Refused["problem"]): string | undefined {
  if (typeof problem.fix_url !== "string" || !URL.canParse(problem.fix_url)) return undefined;
  const url = new URL(problem.fix_url);
  return url.origin === location.origin ? url.pathname + url.search : undefined;
}

const fixes: Readonly<Record<string, string>> = { "/plans": "Choose a plan", "/account": "Your account" };

/** What was refused, to what, and what to do about it. */
export function Refusal({ error, title }: { error: unknown; title?: string }) {
  if (!error) return null;
  const refused = error instanceof Refused ? error : undefined;
  const problem = refused?.problem ?? { title: "Something failed on this page", hint: "Reload it and try again." };
  const fix = fixPath(problem);
  const job = typeof problem.job === "string" ? problem.job : undefined;
  return (
    <div class="refusal" role="alert">
      <p class="refusal-title">{title ?? problem.title}</p>
      {problem.detail && <p>{problem.detail}</p>}
      {problem.hint && (
        <p>
          <Prose text={problem.hint} />
        </p>
      )}
      {problem.next && problem.next.length > 0 && (
        <p class="next">
          On the command line:{" "}
          {problem.next.map((command) => (
            <code key={command}>{command}</code>
          ))}
        </p>
      )}
      <p class="refusal-links">
        {fix && <Link href={fix}>{fixes[fix] ?? offWords.grace.fix}</Link>}
        {job && <Link href={`/jobs/${encodeURIComponent(job)}`}>Watch the job</Link>}
        {refused && refused.code !== "offline" && <Link href={`/errors#${refused.code}`}>{refused.code}</Link>}
        {problem.request && <span class="request">{problem.request}</span>}
      </p>
    </div>
  );
}
