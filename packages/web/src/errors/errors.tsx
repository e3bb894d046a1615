import { type CatalogueEntry, catalogue } from "@berth/domain/error.ts";
import { failures } from "@berth/domain/job/failure.ts";
import { useEffect, useState } from "preact/hooks";
import { Field } from "../ui/field.tsx";
import { Page, Section } from "../ui/page.tsx";
import { Prose } from "../ui/prose.tsx";

interface Entry {
  readonly code: string;
  readonly title: string;
  readonly status?: number;
  readonly help: string | undefined;
  readonly next?: readonly string[];
}

const refusals: readonly Entry[] = Object.entries(catalogue).map(([code, { hint, ...entry }]: [string, CatalogueEntry]) => ({
  code,
  ...entry,
  help: hint?.replace("SUPPORT", "support"),
}));
const runs: readonly Entry[] = Object.entries(failures).map(([code, { title, remedy }]) => ({ code, title, help: remedy }));
const taken = new Set(refusals.map(({ code }) => code));

const matches = (entry: Entry, words: string) =>
  words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${entry.code} ${entry.title} ${entry.help ?? ""} ${entry.status ?? ""}`.toLowerCase().includes(word));

/** Every way a request is refused or a job fails, made from the catalogue that the answers are made from. */
export function Errors() {
  const [words, setWords] = useState("");
  useEffect(() => {
    if (!location.hash) return;
    // A link within the page only changed the address; going there again by the browser's own way scrolls to the entry and marks it.
    const { hash } = location;
    history.replaceState(history.state, "", location.pathname);
    location.replace(hash);
  }, []);
  return (
    <Page title="Errors" lead="Every refusal and every failure, with what to do about it. Codes never change their meaning.">
      <search>
        <Field label="Find" value={words} onValue={setWords} input={{ type: "search", placeholder: "code, words or status" }} />
      </search>
      <Section title="Refusals" id="refusals">
        <p class="hint">
          Answers with the content type <code>application/problem+json</code>; <code>code</code> is one of these.
        </p>
        <List entries={refusals.filter((entry) => matches(entry, words))} idOf={({ code }) => code} />
      </Section>
      <Section title="Failures of jobs" id="failures">
        <p class="hint">
          A job that failed says its <code>class</code>.
        </p>
        <List
          entries={runs.filter((entry) => matches(entry, words))}
          idOf={({ code }) => (taken.has(code) ? `job-${code}` : code)}
        />
      </Section>
    </Page>
  );
}

function List({ entries, idOf }: { entries: readonly Entry[]; idOf: (entry: Entry) => string }) {
  if (entries.length === 0) return <p class="hint">None of these words is here.</p>;
  return (
    <ul class="codes">
      {entries.map((entry) => (
        <li key={entry.code} id={idOf(entry)} class="code-entry">
          <h3>
            <a href={`#${idOf(entry)}`}>{entry.code}</a>
            {entry.status && <span class="tag">{entry.status}</span>}
          </h3>
          <div>
            <p class="code-title">{entry.title}</p>
            {entry.help && (
              <p>
                <Prose text={entry.help} />
              </p>
            )}
            {entry.next && (
              <p class="next">
                {entry.next.map((command) => (
                  <code key={command}>{command}</code>
                ))}
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
