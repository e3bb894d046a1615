import type Stripe from "stripe";
import { emit } from "../event.ts";
import { deleteClock, getTestClock, startAdvance } from "../flows/test-clock.ts";
import { page } from "../list.ts";
import type { TestClock } from "../objects/test-clock.ts";
import { mint } from "../world.ts";
import type { Api } from "./api.ts";

const keptSeconds = 30 * 86_400;

export function testClockRoutes({ on, world }: Api): void {
  on<Stripe.TestHelpers.TestClockCreateParams>("post", "/v1/test_helpers/test_clocks", ({ input }) => {
    const clock: TestClock = {
      id: mint(world, "clock"),
      object: "test_helpers.test_clock",
      created: world.state.time,
      deletes_after: world.state.time + keptSeconds,
      frozen_time: input.frozen_time,
      livemode: false,
      name: input.name ?? null,
      status: "ready",
      status_details: {},
    };
    world.state.testClocks.set(clock.id, clock);
    emit(world, "test_helpers.test_clock.created", clock);
    return clock;
  });

  on<Stripe.TestHelpers.TestClockListParams>("get", "/v1/test_helpers/test_clocks", ({ input }) =>
    page(world, "/v1/test_helpers/test_clocks", [...world.state.testClocks.values()], input, "test clock"),
  );

  on("get", "/v1/test_helpers/test_clocks/{id}", ({ params }) => getTestClock(world, params.id!));

  on("delete", "/v1/test_helpers/test_clocks/{id}", ({ params }) => {
    const clock = getTestClock(world, params.id!);
    deleteClock(world, clock);
    return { id: clock.id, object: "test_helpers.test_clock", deleted: true };
  });

  on<Stripe.TestHelpers.TestClockAdvanceParams>("post", "/v1/test_helpers/test_clocks/{id}/advance", ({ params, input }) => {
    const clock = getTestClock(world, params.id!);
    startAdvance(world, clock, input.frozen_time);
    return clock;
  });
}
