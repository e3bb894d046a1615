/**
 * A time of their own for the customers made on it: `ready`, and `advancing` while it moves. It moves forward only. While it moves its
 * objects can be read and events go out, but nothing of it can be changed.
 */
export interface TestClock {
  id: string;
  object: "test_helpers.test_clock";
  created: number;
  deletes_after: number;
  frozen_time: number;
  livemode: false;
  name: string | null;
  status: "ready" | "advancing";
  status_details: { advancing?: { target_frozen_time: number } };
}
