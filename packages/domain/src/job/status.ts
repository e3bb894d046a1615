/** Whether nothing more happens to a job, or to its part on one target. */
export const ended = ({ status }: { readonly status: string }): boolean =>
  status === "succeeded" || status === "failed" || status === "canceled";
