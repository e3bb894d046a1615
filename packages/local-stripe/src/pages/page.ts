import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const style = `
:root{color-scheme:light dark;--ink:#1a1f36;--soft:#4f566b;--line:#d5dbe5;--paper:#fff;--ground:#f6f8fb;--accent:#0a5bd3;--accent-ink:#fff;--bad:#b3093c;--bad-ground:#fdeef2;--good:#0b6e4f;--note:#eef3fb}
@media (prefers-color-scheme:dark){:root{--ink:#eef1f8;--soft:#b3bcd1;--line:#3a4560;--paper:#161c2c;--ground:#0d1220;--accent:#7fb0ff;--accent-ink:#071226;--bad:#ff9db4;--bad-ground:#3b1522;--good:#6fdcb2;--note:#1d2740}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 3rem;display:grid;gap:1.5rem}
@media (min-width:52rem){main.two{grid-template-columns:1fr 1.1fr;gap:3rem;padding-top:4rem}}
.mode{display:inline-block;background:#ffd47a;color:#3d2600;border-radius:.3rem;padding:.1rem .5rem;font-size:.75rem;font-weight:700;letter-spacing:.04em}
h1{font-size:1.25rem;margin:.75rem 0 .25rem;font-weight:600}h2{font-size:1.05rem;margin:0 0 .75rem}
.amount{font-size:2.4rem;font-weight:700;line-height:1.1;margin:.25rem 0}.amount small{font-size:1rem;font-weight:400;color:var(--soft)}
.soft{color:var(--soft)}a{color:var(--accent)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem}
.stack{display:grid;gap:1rem}.stack>h1,.stack>h2,.stack>p,.stack>div>p{margin:0}
.narrow{max-width:34rem;margin:0 auto;width:100%}.brand{text-transform:capitalize}
::placeholder{color:var(--soft);opacity:.85}
table{width:100%;border-collapse:collapse}td,th{padding:.5rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}td:last-child,th:last-child{text-align:right}tr.sum td{border:0;font-weight:700}
label{display:block;font-size:.9rem;font-weight:600;margin-bottom:.25rem}
input,select{width:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:.65rem .75rem}
input[readonly]{color:var(--soft);background:var(--ground)}input[type=radio]{width:auto}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
button,.button{display:inline-block;font:inherit;font-weight:600;border:1px solid var(--line);border-radius:.5rem;padding:.7rem 1rem;background:var(--paper);color:var(--ink);cursor:pointer;text-decoration:none;text-align:center}
button.main{background:var(--accent);border-color:var(--accent);color:var(--accent-ink);width:100%}
button.bad{color:var(--bad)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.error{background:var(--bad-ground);color:var(--bad);border:1px solid var(--bad);border-radius:.5rem;padding:.75rem 1rem;margin:0}
.note{background:var(--note);border-radius:.5rem;padding:.75rem 1rem}.good{color:var(--good);font-weight:600}
details summary{cursor:pointer;font-weight:600}ul.cards{list-style:none;margin:.5rem 0 0;padding:0;display:grid;gap:.1rem}
ul.cards a{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;padding:.4rem .25rem;border-bottom:1px solid var(--line);color:inherit;text-decoration:none}ul.cards a:hover{background:var(--note)}
code{font:.9em ui-monospace,Menlo,Consolas,monospace;white-space:nowrap}
.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;justify-content:space-between}
`;

/** A whole page: plain HTML that works without a script, narrow and wide, light and dark. */
export function page(title: string, body: Html | Html[], { two = false }: { two?: boolean } = {}): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
<main class="${two ? "two" : ""}">${body}</main>
</body>
</html>`;
}

/** The mark that no real money moves here. */
export function testMode(): Html {
  return html`<span class="mode">TEST MODE</span>`;
}
