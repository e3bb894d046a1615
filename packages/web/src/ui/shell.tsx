import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { Banner } from "../billing/banner.tsx";
import { useMe, useSignOut } from "../me.ts";
import { signedInPages } from "../pages.ts";
import { failed, Toasts } from "./toast.tsx";

const signedIn = [["/", "Apps"], ...signedInPages.flatMap(({ path, menu }) => (menu ? [[path, menu] as const] : []))] as const;
const visitor = [
  ["/pricing", "Pricing"],
  ["/errors", "Errors"],
  ["/login", "Sign in"],
] as const;

const under = (path: string, href: string) =>
  href === "/"
    ? path === "/" || path.startsWith("/apps") || path.startsWith("/jobs")
    : path === href || path.startsWith(`${href}/`);

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path class="mark-quay" d="M3 4V28H29V4" />
      <path class="mark-hull" d="M16 3c4 3.4 5.5 7 5.5 11.5V23h-11v-8.5C10.5 10 12 6.4 16 3Z" />
    </svg>
  );
}

/** What is around every page: where one is, where one can go, and what has to be known. */
export function Shell({ children }: { children: ComponentChildren }) {
  const me = useMe(false).data;
  const [path] = useLocation();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const links = me ? signedIn : visitor;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <div class="bar-in">
          <Link href="/" className="brand" aria-label="Berth, front page">
            <Mark />
            <span>Berth</span>
          </Link>
          <button type="button" class="button small menu" aria-expanded={open} aria-controls="nav" onClick={() => setOpen(!open)}>
            Menu
          </button>
          <nav id="nav" class={open ? "nav open" : "nav"} aria-label="Main">
            {links.map(([href, text]) => (
              <Link key={href} href={href} aria-current={under(path, href) ? "page" : undefined}>
                {text}
              </Link>
            ))}
            {me && <Account email={me.email ?? me.actor.id} />}
          </nav>
        </div>
      </header>
      {me && <Banner />}
      {children}
      <footer class="foot">
        <div class="foot-in">
          <span>Berth deploys Compose apps onto your own servers.</span>
          <nav aria-label="More">
            <Link href="/pricing">Pricing</Link>
            <Link href="/errors">Errors</Link>
            <a href="/v1/openapi.json">API description</a>
            {me && <a href={`mailto:${me.support}`}>Support</a>}
          </nav>
        </div>
      </footer>
      <Toasts />
    </>
  );
}

function Account({ email }: { email: string }) {
  const signOut = useSignOut();
  return (
    <div class="account">
      <Link href="/account" className="account-email" title={email}>
        {email}
      </Link>
      <button type="button" class="button small" onClick={() => void signOut().catch(failed)}>
        Sign out
      </button>
    </div>
  );
}
