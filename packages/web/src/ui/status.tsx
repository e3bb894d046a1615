/** How something stands: a word, a shape and a colour, so that none of them is needed alone. */
export type Tone = "good" | "busy" | "wait" | "bad" | "off";

export function Status({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span class={`status ${tone}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {tone === "good" && <path d="M1.5 6.5 4.5 9.5 10.5 2.5" class="stroke" />}
        {tone === "bad" && <path d="M2 2 10 10M10 2 2 10" class="stroke" />}
        {tone === "busy" && <path d="M6 1a5 5 0 1 1-5 5" class="stroke spin" />}
        {tone === "wait" && <circle cx="6" cy="6" r="4.5" class="stroke" />}
        {tone === "off" && <path d="M2 6H10" class="stroke" />}
      </svg>
      {children}
    </span>
  );
}
