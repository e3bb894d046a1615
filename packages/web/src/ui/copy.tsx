import { useEffect, useState } from "preact/hooks";
import { Scroll } from "./scroll.tsx";

/** Text to be taken elsewhere: a command, a key, a secret. */
export function Copy({ text, label, wrap }: { text: string; label: string; wrap?: boolean }) {
  const [copied, setCopied] = useState<"no" | "yes" | "refused">("no");
  useEffect(() => {
    if (copied === "no") return;
    const timer = setTimeout(() => setCopied("no"), 2_500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    navigator.clipboard === undefined
      ? setCopied("refused")
      : navigator.clipboard.writeText(text).then(
          () => setCopied("yes"),
          () => setCopied("refused"), // the browser does not allow it: the text is there to be selected
        );
  return (
    <div class="copy">
      <Scroll class={wrap ? "copy-text wrap" : "copy-text"} label={label}>
        {text}
      </Scroll>
      <button type="button" class="button small" aria-label={`Copy: ${label}`} onClick={() => void copy()}>
        {copied === "yes" ? "Copied" : copied === "refused" ? "Select it" : "Copy"}
      </button>
      <span class="unseen" role="status">
        {copied === "yes" ? `Copied: ${label}` : ""}
      </span>
    </div>
  );
}
