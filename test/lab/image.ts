/** Container images made without Docker and without a network: one layer, a config and a manifest, put into a registry. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

export interface ImageFile {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly link?: string;
  readonly folder?: true;
  readonly mode?: number;
}

/** Files as a gzipped tar, and the SHA-256 of it unpacked. */
interface BaseLayer {
  readonly file: string;
  readonly hash: string;
}

export interface Image {
  readonly files: readonly ImageFile[];
  /** What `files` are laid over. */
  readonly base?: BaseLayer;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stopSignal?: string;
  readonly volumes?: readonly string[];
  readonly workingDir?: string;
  readonly architecture?: string;
}

/** Put an image into a registry under `name:tag`; `name` has its folders, such as `library/redis`. Returns its digest. */
export async function pushImage(registry: string, reference: string, image: Image): Promise<string> {
  const [name, tag = "latest"] = reference.split(":");
  const tar = await layer(image.files);
  const { base } = image;
  const layers = [
    ...(base ? [{ packed: readFileSync(base.file), id: `sha256:${base.hash}` }] : []),
    { packed: gzipSync(tar, { level: 1 }), id: digest(tar) },
  ];
  const config = Buffer.from(
    JSON.stringify({
      architecture: image.architecture ?? { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch,
      os: "linux",
      created: "2026-01-01T00:00:00Z",
      config: {
        Env: Object.entries({ PATH: "/bin:/usr/bin", ...image.env }).map(([key, value]) => `${key}=${value}`),
        ...(image.entrypoint ? { Entrypoint: image.entrypoint } : {}),
        ...(image.command ? { Cmd: image.command } : {}),
        ...(image.stopSignal ? { StopSignal: image.stopSignal } : {}),
        ...(image.workingDir ? { WorkingDir: image.workingDir } : {}),
        ...(image.volumes ? { Volumes: Object.fromEntries(image.volumes.map((volume) => [volume, {}])) } : {}),
      },
      rootfs: { type: "layers", diff_ids: layers.map(({ id }) => id) },
      history: layers.map(() => ({ created: "2026-01-01T00:00:00Z", created_by: "lab" })),
    }),
  );
  const url = `http://${registry}/v2/${name}`;
  await Promise.all([...layers.map(({ packed }) => upload(url, packed)), upload(url, config)]);
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: { mediaType: "application/vnd.docker.container.image.v1+json", size: config.length, digest: digest(config) },
    layers: layers.map(({ packed }) => ({
      mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
      size: packed.length,
      digest: digest(packed),
    })),
  });
  await ok(fetch(`${url}/manifests/${tag}`, { method: "PUT", headers: { "content-type": type }, body: manifest }));
  return digest(Buffer.from(manifest));
}

async function upload(url: string, blob: Buffer): Promise<void> {
  const known = await fetch(`${url}/blobs/${digest(blob)}`, { method: "HEAD" });
  if (known.ok) return;
  const started = await ok(fetch(`${url}/blobs/uploads/`, { method: "POST" }));
  const place = new URL(started.headers.get("location")!, url); // a registry answers 202 with a place
  place.searchParams.set("digest", digest(blob));
  const headers = { "content-type": "application/octet-stream" };
  await ok(fetch(place, { method: "PUT", headers, body: new Uint8Array(blob) }));
}

async function ok(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  const body = await response.text();
  if (!response.ok) throw new Error(`the registry answered ${response.status}: ${body}`);
  return response;
}

async function layer(files: readonly ImageFile[]): Promise<Buffer> {
  const tar = pack();
  const mtime = new Date("2026-01-01T00:00:00Z");
  for (const { path, content, link, folder, mode } of files) {
    if (folder) tar.entry({ name: path, type: "directory", mode: mode ?? 0o755, mtime });
    else if (link) tar.entry({ name: path, type: "symlink", linkname: link, mtime });
    else tar.entry({ name: path, mode: mode ?? 0o755, mtime }, Buffer.from((content ?? "") as Uint8Array)); // Buffer.from takes either
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function digest(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
