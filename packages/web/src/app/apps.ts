import { useQuery } from "@tanstack/preact-query";
import { api, readAll } from "../api.ts";

/** All of the account's apps; read again every `refetchInterval` milliseconds, if given. */
export const useApps = (again: { refetchInterval?: number } = {}) =>
  useQuery({
    queryKey: ["apps"],
    queryFn: () => readAll((cursor) => api.apps.$get({ query: { limit: 100, ...(cursor && { cursor }) } })),
    ...again,
  });
