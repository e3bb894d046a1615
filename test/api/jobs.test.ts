import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";

const api = testApi();
afterAll(() => api.close());

const deployed = async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const job = await tenant.deploy("shop");
  return { tenant, job, token: await tenant.token() };
};

covers("listJobs", "200", "newest first, by app and kind, page after page", async () => {
  const { tenant, job, token } = await deployed();
  await tenant.work(job);
  const ids: string[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const { body } = await api.call("GET", `/v1/jobs?limit=1${next && `&cursor=${next}`}`, { token });
    ids.push(...body.items.map(({ id }: { id: string }) => id));
    next = body.next;
  }
  expect(ids).toEqual([...ids].sort().reverse());
  expect(ids).toHaveLength(3);
  const { body } = await api.call("GET", "/v1/jobs?app=shop&kind=deploy", { token });
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual([job.id]);
});

covers("getJob", "200", "shows where it is", async () => {
  const { job, token } = await deployed();
  expect((await api.call("GET", `/v1/jobs/${job.id}`, { token })).body).toMatchObject({ id: job.id, status: "queued" });
});

covers("getJob", "job.not_found", "one that is not there, or of an app the token is not for, is not found", async () => {
  const { tenant, job, token } = await deployed();
  expect((await api.call("GET", "/v1/jobs/job_none", { token })).body).toMatchObject({ status: 404, code: "job.not_found" });
  const other = await tenant.token(["read"], { app: "blog" });
  expect((await api.call("GET", `/v1/jobs/${job.id}`, { token: other })).status).toBe(404);
});

covers("listJobEvents", "200", "events come once and in order from the cursor, and the end is said", async () => {
  const { tenant, job, token } = await deployed();
  const waiting = (await api.call("GET", `/v1/jobs/${job.id}/events?wait=1`, { token })).body;
  expect(waiting).toMatchObject({ items: [], done: false });
  await tenant.work(job);
  const { body } = await api.call("GET", `/v1/jobs/${job.id}/events?after=${waiting.next}`, { token });
  expect(body.items.map(({ step }: { step: string }) => step)).toEqual(["preflight", "pull", "start", "health", "record"]);
  expect(body).toMatchObject({ done: true, job: { status: "succeeded" } });
  expect((await api.call("GET", `/v1/jobs/${job.id}/events?after=${body.next}`, { token })).body).toMatchObject({
    items: [],
    done: true,
  });
});

test("the same events come as a stream, which goes on from the last event's id", async () => {
  const { tenant, job, token } = await deployed();
  await tenant.work(job);
  const headers = { accept: "text/event-stream" };
  const stream = await api.call("GET", `/v1/jobs/${job.id}/events`, { token, headers });
  expect(stream.headers.get("content-type")).toContain("text/event-stream");
  expect(stream.text.match(/event: event/g)).toHaveLength(5);
  expect(stream.text).toContain("event: done");
  const id = [...stream.text.matchAll(/id: (\S+)/g)].at(-1)?.[1] ?? "";
  const again = await api.call("GET", `/v1/jobs/${job.id}/events`, { token, headers: { ...headers, "last-event-id": id } });
  expect(again.text).not.toContain("event: event");
});

covers("listJobEvents", "job.not_found", "of a job that is not there there are none", async () => {
  const { token } = await deployed();
  expect((await api.call("GET", "/v1/jobs/job_none/events", { token })).body.code).toBe("job.not_found");
});

covers(
  "cancelJob",
  "202",
  "one that has not begun ends at once, gives back its slot, and a second cancel is no error",
  async () => {
    const { tenant, job, token } = await deployed();
    const cancel = () => api.call("POST", `/v1/jobs/${job.id}/cancel`, { token });
    expect((await cancel()).body).toMatchObject({ status: "canceled" });
    expect((await cancel()).body).toMatchObject({ status: "canceled" });
    expect(await tenant.account()).toMatchObject({ slots: 0 });
    expect((await tenant.deploy("shop")).release).toBe(2);
  },
);

covers("cancelJob", "job.ended", "one that has ended stays as it is", async () => {
  const { tenant, job, token } = await deployed();
  await tenant.work(job);
  expect((await api.call("POST", `/v1/jobs/${job.id}/cancel`, { token })).body).toMatchObject({ status: 409, code: "job.ended" });
});

covers("cancelJob", "job.not_found", "one that is not there is not found", async () => {
  const { token } = await deployed();
  expect((await api.call("POST", "/v1/jobs/job_none/cancel", { token })).body.code).toBe("job.not_found");
});
