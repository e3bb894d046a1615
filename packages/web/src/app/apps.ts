import { body, readAll } from "@berth/api-client/client.ts";
import { useQuery } from "@tanstack/preact-query";
import { api } from "../api.ts";

/** All of the account's apps; read again every `refetchInterval` milliseconds, if given. */
export const useApps = (again: { refetchInterval?: number } = {}) =>
  useQuery({
    queryKey: ["apps"],
    queryFn: async () => ({
      items: await readAll((cursor) => body(api.apps.$get({ query: { limit: 100, ...(cursor && { cursor }) } }))),
    }),
    ...again,
  });
