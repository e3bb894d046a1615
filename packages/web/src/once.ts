import { useRef } from "preact/hooks";

/**
 * Idempotency-Key headers for a form: the same body sent again, after a lost answer say, has the same key and so happens once; another
 * body is another request.
 */
export function useOnce(): (body: object) => { headers: { "idempotency-key": string } } {
  const last = useRef<{ body: string; key: string }>();
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current?.body !== text) last.current = { body: text, key: crypto.randomUUID() };
    return { headers: { "idempotency-key": last.current.key } };
  };
}
