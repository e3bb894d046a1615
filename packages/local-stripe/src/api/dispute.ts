import type Stripe from "stripe";
import { closeDispute, getDispute } from "../flows/dispute.ts";
import { page } from "../list.ts";
import type { Api } from "./api.ts";

export function disputeRoutes({ on, world }: Api): void {
  on<Stripe.DisputeListParams>("get", "/v1/disputes", ({ input }) =>
    page(world, "/v1/disputes", [...world.state.disputes.values()], input, "dispute", {
      charge: (row) => row.charge,
      payment_intent: (row) => row.payment_intent,
    }),
  );
  on("get", "/v1/disputes/{id}", ({ params }) => getDispute(world, params.id!));
  on("post", "/v1/disputes/{id}/close", ({ params }) => {
    const dispute = getDispute(world, params.id!);
    closeDispute(world, dispute, "lost");
    return dispute;
  });
}
