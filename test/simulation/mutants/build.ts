// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { of } from "./of.ts";

const bucket = "packages/aws/src/s3.ts";
const archives = "packages/domain/src/release/archives.ts";
const send = "packages/domain/src/remote/send.ts";
const deploy = "packages/domain/src/deployment/deploy.kind.ts";
const rollout = "packages/domain/src/engine/rollout.ts";
const asking = "test/simulation/asking.ts";
const building = "test/simulation/building.ts";

/** What is sent to be built, and what is built of it, keep to. */
export const buildMutants = [
  of(
    bucket,
    "an address takes whatever is sent",
    `ContentLength: bytes, ChecksumSHA256: sum });
      // Signed as headers, so that nothing but these bytes is taken.
      const url = await getSignedUrl(s3, command, {
        expiresIn: SECONDS,
        unhoistableHeaders: new Set(["x-amz-checksum-sha256"]),
      });
      return { hash, url, headers: { "x-amz-checksum-sha256": sum } };`,
    `ContentLength: bytes });
      const url = await getSignedUrl(s3, command, { expiresIn: SECONDS });
      return { hash, url, headers: sum ? {} : { "x-amz-checksum-sha256": sum } };`,
  ),
  of(bucket, "an address is signed for another length", "ContentLength: bytes,", "ContentLength: bytes + 1,"),
  of(bucket, "a tenant is given another's archive", "`${tenant}/${hash}`", "`${hash}${tenant.slice(0, 0)}`"),
  of(bucket, "an archive that is about to go is called kept", "(KEPT_DAYS - NAMED_DAYS)", "(KEPT_DAYS + NAMED_DAYS)"),
  of(
    archives,
    "not all archives that are not there are asked for",
    "found.filter((each) => each !== undefined)",
    "found.filter((each, i) => each !== undefined && i > 0).filter((each) => each !== undefined)",
  ),
  of(
    send,
    "a server is not told that an archive is gone",
    'if (!content) return void channel.write("0\\n");',
    "if (!content) return;",
  ),
  of(send, "a server is sent the first archive whichever it asks for", "await open(hash)", "await open(list[0]?.hash ?? hash)"),
  of(
    deploy,
    "a run is not given what it is built from",
    "const list = unbuilt ? [] : archives;",
    "const list = unbuilt ? archives : [];",
  ),
  of(
    deploy,
    "a rollback brings what its release was built from",
    "const list = unbuilt ? [] : archives;",
    "const list = unbuilt === undefined ? [] : archives;",
  ),
  of(
    rollout,
    "nobody waits for the one that builds",
    "first === undefined || first === message.target",
    "first !== undefined || !first",
  ),
  of(rollout, "where the one that builds has failed the others begin", 'before?.status !== "succeeded"', "before === undefined"),
  of(
    deploy,
    "each builds for itself",
    "const making = makingOn({ builder }, target);",
    "const making = makingOn({ builder: target }, target);",
  ),
  of(
    deploy,
    "a rollback asks for new images",
    'if (!job.rollback && imagesFrom === undefined) return { pull: "always" };',
    'if (job.release > 0 || from !== undefined) return { pull: "always" };',
  ),
  of(
    deploy,
    "a run is not given the large files that it mounts",
    "const mounted = large?.archives ?? [];",
    "const mounted = large?.archives.slice(1) ?? [];",
  ),
  of(
    "packages/domain/src/plan/plan.kind.ts",
    "a plan does not know what would be built from",
    "...builtFrom(bundle),",
    "...(bundle.archives ? {} : builtFrom(bundle)),",
  ),
  of(
    "packages/domain/src/engine/attend.ts",
    "a run that outlasts its worker has lost its line",
    'if (watch.why() === "handover") {',
    'if (watch.why() === "handover" && seen < 0) {',
  ),
  of(asking, "what came before the line broke is kept", "if (sha256(bytes) !== hash) {", 'if (sha256(bytes) === "") {'),
  of(asking, "a run begins though an archive is missing", "= [...list, ...", "= [...list.slice(1), ..."),
  of(asking, "a run begins without its large files", "...(isThere ? [] : mounted)]", "...(isThere ? [] : mounted.slice(1))]"),
  of(
    asking,
    "what has arrived is lost with its caller",
    "if (server.asking === asking) server.asking = undefined;",
    "if (server.asking !== asking) return;\n    server.asking = undefined;\n    server.archives.clear();",
  ),
  of(
    asking,
    "a caller that has died is waited for",
    "(server: Server, asking: Asking) => wait(server, asking, BYTES_MILLISECONDS);",
    "(server: Server, asking: Asking) => wait(server, asking, BYTES_MILLISECONDS * 1000);",
  ),
  of(
    building,
    "what serves is stopped before it is built",
    'step(server, run, "build", lasts(), LIMIT, () => {',
    'watch.changes(server, run);\n    run.changed = true;\n    step(server, run, "build", lasts(), LIMIT, () => {',
  ),
  of(
    building,
    "a build that fails takes down what serves",
    "if (failsToBuild(contents)) return",
    "if (failsToBuild(contents)) project.serves = undefined;\n      if (failsToBuild(contents)) return",
  ),
  of(building, "a rollback builds what is not there", ' || input.values.pull === "missing"', ""),
  of(building, "only the first archive is built from", "namesOf(run).map((hash) =>", "namesOf(run).slice(0, 1).map((hash) =>"),
];
