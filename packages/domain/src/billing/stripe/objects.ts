/** Stripe names another object by its id or, where it was asked to expand it, puts the object there. */
export function idOf(thing: string | { readonly id: string }): string;
export function idOf(thing: string | { readonly id: string } | null | undefined): string | undefined;
export function idOf(thing: string | { readonly id: string } | null | undefined): string | undefined {
  return typeof thing === "string" ? thing : thing?.id;
}

const over = new Set(["canceled", "incomplete_expired"]);

/** An unknown status counts as live: what is live may bill. */
export const isLive = ({ status }: { readonly status: string }): boolean => !over.has(status);
