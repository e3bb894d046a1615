export interface Pattern {
  readonly method: string;
  readonly path: string;
}

export interface Found<T> {
  readonly target: T;
  /** As API Gateway names a route in its event. */
  readonly routeKey: string;
  readonly parameters: Record<string, string>;
}

interface Compiled<T> {
  readonly pattern: Pattern;
  readonly target: T;
  readonly expression: RegExp;
  /** Smaller is more particular: `{name+}` after `{name}` after plain text, a method before ANY. */
  readonly rank: number;
}

/** Finds the route of a request as API Gateway does: the most particular one that fits. */
export function router<T>(routes: readonly { readonly pattern: Pattern; readonly target: T }[]) {
  const compiled: Compiled<T>[] = routes
    .map(({ pattern, target }) => ({ pattern, target, expression: expressionOf(pattern.path), rank: rankOf(pattern) }))
    .sort((a, b) => a.rank - b.rank);
  return (method: string, path: string): Found<T> | undefined => {
    for (const { pattern, target, expression } of compiled) {
      const found = pattern.method === "ANY" || pattern.method === method ? expression.exec(path) : null;
      if (found) return { target, routeKey: `${pattern.method} ${pattern.path}`, parameters: { ...found.groups } };
    }
    return undefined;
  };
}

const expressionOf = (path: string) =>
  new RegExp(
    `^${path.replaceAll(/[.*?^$()|[\]\\]/g, "\\$&").replaceAll(/\{(\w+)(\+?)\}/g, (_, name, rest) => `(?<${name}>${rest ? ".+" : "[^/]+"})`)}$`,
  );

const rankOf = ({ method, path }: Pattern) =>
  (path.includes("+}") ? 1e6 : 0) + (path.match(/\{/g)?.length ?? 0) * 1e3 - path.length * 2 + (method === "ANY" ? 1 : 0);
