import { polls, streams, take } from "@berth/domain/held.ts";
import { newId } from "@berth/domain/id.ts";
import { jobKey } from "@berth/domain/job/job.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { putOne } from "@berth/domain/table.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { scriptedReach } from "../support/reach.ts";
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
  const { body } = await api.call("GET", "/v1/jobs?app=shop&kind=deployment", { token });
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual([job.id]);
  for (const path of ["/v1/jobs?cursor=NaN", "/v1/apps/shop/deployments?cursor=NaN"])
    expect((await api.call("GET", path, { token })).body).toMatchObject({ code: "input.invalid", status: 422 });
});

test("a token of one app lists that app's jobs alone", async () => {
  const { tenant, job } = await deployed();
  await tenant.work(job);
  const list = async (app: string) => {
    const { body } = await api.call("GET", "/v1/jobs", { token: await tenant.token(["read"], { app }) });
    return body.items.map(({ id }: { id: string }) => id);
  };
  expect(await list("shop")).toEqual([job.id]);
  expect(await list("blog")).toEqual([]);
});

covers(
  "getActivity",
  "200",
  "what is under way is there while it is, and the last one's name stays; a token sees its own app's alone",
  async () => {
    const { tenant, job, token } = await deployed();
    const ask = async (by = token) => (await api.call("GET", "/v1/activity", { token: by })).body;
    expect(await ask()).toMatchObject({ items: [{ id: job.id, status: "queued" }], latest: job.id });
    expect(await ask(await tenant.token(["read"], { app: "blog" }))).toEqual({ items: [], latest: null });
    await tenant.work(job);
    expect(await ask()).toEqual({ items: [], latest: job.id });
    await tenant.app("blog");
    const next = await tenant.deploy("blog");
    expect(await ask()).toMatchObject({ items: [{ id: next.id }], latest: next.id });
    const other = await testTenant(api);
    expect(await ask(await other.token())).toEqual({ items: [], latest: null });
  },
);

test("a filter that leaves out a thousand newer jobs still finds the older one, and never answers nothing with more to come", async () => {
  const { tenant, job, token } = await deployed();
  await tenant.work(job);
  for (let i = 0; i < 1100; i++) {
    const id = newId(api.world, "job");
    await putOne(tenant.ctx, jobKey(tenant.ctx, id), { ...job, id, app: "other", status: "succeeded", version: 1 });
  }
  const { body } = await api.call("GET", "/v1/jobs?app=shop&limit=6", { token });
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual([job.id]);
  const none = await api.call("GET", "/v1/jobs?app=nothing&limit=6", { token });
  expect(none.body).toEqual({ items: [], next: null });
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
  expect(body.items.map(({ step }: { step: string }) => step)).toEqual([
    "preflight",
    "pull",
    "start",
    "verify",
    "record",
    "prune",
  ]);
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
  expect(stream.text.match(/event: event/g)).toHaveLength(6);
  expect(stream.text).toContain("event: done");
  const id = [...stream.text.matchAll(/id: (\S+)/g)].at(-1)?.[1] ?? "";
  const again = await api.call("GET", `/v1/jobs/${job.id}/events`, { token, headers: { ...headers, "last-event-id": id } });
  expect(again.text).not.toContain("event: event");
});

covers("listJobEvents", "rate.limited", "of an account so many may wait at once, and others are answered meanwhile", async () => {
  const { tenant, job, token } = await deployed();
  const holds = await Promise.all(Array.from({ length: polls.most }, () => take(tenant.ctx, polls)));
  const wait = (mine: string, id: string) => api.call("GET", `/v1/jobs/${id}/events?wait=1`, { token: mine });
  const refused = await wait(token, job.id);
  expect(refused.body).toMatchObject({ status: 429, code: "rate.limited" });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  // What needs no waiting is answered all the same; and who is somebody else waits.
  expect((await api.call("GET", `/v1/jobs/${job.id}/events`, { token })).status).toBe(200);
  const other = await deployed();
  expect((await wait(other.token, other.job.id)).status).toBe(200);
  for (const hold of holds) if ("release" in hold) await hold.release();
  expect((await wait(token, job.id)).status).toBe(200);
});

test("of an account's event streams so many are open at once; each counts until it is over and no longer", async () => {
  const { tenant, job, token } = await deployed();
  const open = () => api.call("GET", `/v1/jobs/${job.id}/events`, { token, headers: { accept: "text/event-stream" } });
  const all = await Promise.all(Array.from({ length: streams.most + 5 }, open));
  expect(all.filter(({ status }) => status === 200)).toHaveLength(streams.most);
  expect(all.filter(({ body }) => body?.code === "rate.limited")).toHaveLength(5);
  await tenant.work(job);
  for (let i = 0; i < streams.most + 5; i++) expect((await open()).status).toBe(200);
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

test("one that waits for its next try is canceled by the request itself, and the app is free at once", async () => {
  const { tenant, job, token } = await deployed();
  const reach = scriptedReach();
  reach.refuse(new RemoteError("unreachable", "No route to host"));
  expect((await tenant.work(job, reach)).rollouts).toMatchObject({
    [Object.keys(job.rollouts)[0] ?? ""]: { status: "retrying", attempts: 1 },
  });
  expect((await api.call("POST", `/v1/jobs/${job.id}/cancel`, { token })).body).toMatchObject({ status: "canceled" });
  expect(reach.runs).toEqual([]);
  expect((await tenant.account()).slots).toBe(0);
  const next = await tenant.deploy("shop");
  expect((await tenant.work(next)).status).toBe("succeeded");
});

covers("cancelJob", "job.ended", "one that has ended stays as it is", async () => {
  const { tenant, job, token } = await deployed();
  await tenant.work(job);
  expect((await api.call("POST", `/v1/jobs/${job.id}/cancel`, { token })).body).toMatchObject({ status: 409, code: "job.ended" });
});

covers("cancelJob", "job.not_found", "one that is not there is not found", async () => {
  const { token } = await deployed();
  expect((await api.call("POST", "/v1/jobs/job_none/cancel", { token })).body.code).toBe("job.not_found");
});
