export const ended = ({ status }: { readonly status: string }): boolean =>
  status === "succeeded" || status === "failed" || status === "canceled";
