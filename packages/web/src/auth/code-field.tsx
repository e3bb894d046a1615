import { useEffect, useId, useRef } from "preact/hooks";

const LENGTH = 6;

interface Props {
  readonly value: string;
  readonly onValue: (code: string) => void;
  /** Called once when the sixth digit is there, typed or pasted. */
  readonly onFull: (code: string) => void;
  readonly error?: string | undefined;
}

/** Six digits in one input, so that pasting, one-time-code autofill and screen readers need no help. */
export function CodeField({ value, onValue, onFull, error }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    if (error) input.current?.select();
  }, [error]);
  const take = (text: string) => {
    const code = text.replaceAll(/\D/g, "").slice(0, LENGTH);
    if (input.current) input.current.value = code;
    onValue(code);
    if (code.length === LENGTH && code !== value) onFull(code);
  };
  return (
    <div class="field code-field">
      <label for={id}>Six-digit code</label>
      <input
        ref={input}
        id={id}
        class="code"
        value={value}
        inputMode="numeric"
        autoComplete="one-time-code"
        autoCorrect="off"
        spellcheck={false}
        placeholder="······"
        aria-invalid={error ? "true" : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        onInput={(event) => take(event.currentTarget.value)}
        onPaste={(event) => {
          const text = event.clipboardData?.getData("text") ?? "";
          if (!/\d/.test(text)) return;
          event.preventDefault();
          take(text);
        }}
      />
      {error && (
        <p id={`${id}-error`} class="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
