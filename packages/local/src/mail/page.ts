import { html, raw } from "hono/html";
import type { Letter } from "./inbox.ts";

const style = raw(`
:root { color-scheme: light dark; --ink: light-dark(#10222f, #e6eef3); --soft: light-dark(#5a6b77, #93a5b1); --line: light-dark(#d8e0e5, #2a3a45);
  --paper: light-dark(#ffffff, #14212b); --ground: light-dark(#f3f6f8, #0c161d); --accent: light-dark(#0b6e8f, #5cc0dd); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.4rem; margin: 0; }
time, .soft { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
ol { list-style: none; margin: 1.25rem 0 0; padding: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; }
li { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; }
li header { gap: 0 1rem; }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .35rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
a { color: var(--accent); }
.code { font: 600 1.5rem/1.2 ui-monospace, monospace; letter-spacing: .12em; user-select: all; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-top: .5rem; }
button { font: inherit; font-size: .875rem; color: var(--accent); background: var(--paper); border: 1px solid var(--line); border-radius: .4rem;
  padding: .2rem .7rem; cursor: pointer; }
button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.empty { margin-top: 3rem; text-align: center; color: var(--soft); }
`);

const leaps = [
  ["1 minute", 60],
  ["1 hour", 3600],
  ["1 day", 86_400],
  ["7 days", 7 * 86_400],
] as const;
const when = (at: string) => `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
const codeOf = (letter: Letter) => /\b\d{6}\b/.exec(letter.subject)?.[0];
/** Addresses of this machine become links; other text stays text. */
const linked = (text: string) =>
  text
    .split(/(http:\/\/(?:127\.0\.0\.1|localhost):\d+[^\s]*)/)
    .map((part, i) => (i % 2 ? html`<a href="${part}">${part}</a>` : part));

/** The mails, newest first. Looks again every two seconds. */
export const inboxPage = (letters: readonly Letter[], now: Date) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="2">
<title>Inbox (${letters.length}) - Berth, local</title><style>${style}</style></head>
<body><main>
<header><h1>Inbox</h1><span class="soft">Berth's clock: <time>${when(now.toISOString())}</time></span></header>
<form method="post" action="/_local/clock/advance"><span class="soft">Let time pass:</span>
${leaps.map(([name, seconds]) => html`<button name="seconds" value="${seconds}">${name}</button>`)}</form>
${letters.length === 0 ? html`<p class="empty">No mail yet. Sign in on the dashboard and the code appears here.</p>` : ""}
<ol>${letters.map(
  (letter) => html`<li>
<header><h2><a href="/_local/inbox/${letter.id}">${letter.subject}</a></h2><time>${when(letter.at)}</time></header>
<span class="soft">to ${letter.to.join(", ")}</span>
${codeOf(letter) ? html`<p class="code">${codeOf(letter)}</p>` : html`<p>${linked(letter.text)}</p>`}
</li>`,
)}</ol>
</main></body></html>`;

/** One mail, as a mail program would show it: its HTML in a frame that can do nothing. */
export const letterPage = (letter: Letter) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${letter.subject}</title>
<style>${style} iframe { width: 100%; height: 24rem; border: 1px solid var(--line); border-radius: .6rem; background: #fff; margin-top: 1rem; }</style></head>
<body><main>
<p><a href="/_local/inbox">Inbox</a></p>
<h1>${letter.subject}</h1>
<span class="soft">from ${letter.from} to ${letter.to.join(", ")}, <time>${when(letter.at)}</time></span>
<iframe sandbox title="The mail" srcdoc="${letter.html}"></iframe>
<h2 style="margin-top:1.5rem">As text</h2><p>${linked(letter.text)}</p>
</main></body></html>`;
