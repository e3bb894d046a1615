type Env = Readonly<Record<string, string | undefined>>;

/** Node's own, unless a proxy or authorities are named. */
export async function transportFor(base: string, env: Env): Promise<typeof fetch> {
  const named = /^(https?_proxy|all_proxy|ssl_cert_file)$/i;
  if (!Object.entries(env).some(([name, value]) => value && named.test(name))) return fetch;
  return (await import("./transport.ts")).transportOf(base, env);
}
