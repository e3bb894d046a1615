import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** A server's report as its runner packs it: `services` by name are what its Compose makes of the release. */
export async function packReport(
  services: object,
  live?: { services: object; same?: boolean },
  images = "",
): Promise<Uint8Array> {
  const tar = pack();
  const file = (name: string, content: string) => tar.entry({ name: `./${name}` }, content);
  const compose = (all: object) => JSON.stringify({ name: "shop-production", services: all });
  file("release.json", compose(services));
  file("release.folder", "/tmp/berth/release");
  file("release.files", Object.keys(services).join("\t\n"));
  file("facts", "compose\t2.26.1\nstore\tclassic\narchitecture\tamd64\ndisk\t10000\nmemory\t2000\n");
  file("images", images);
  if (live?.same) file("same", "");
  file(
    "containers",
    live
      ? `${Object.keys(live.services)
          .map((name) => `${name}\t/shop-production-${name}-1\trunning\tsha256:1`)
          .join("\n")}\n`
      : "",
  );
  if (live) {
    file("live.json", compose(live.services));
    file("live.folder", "/var/lib/berth/apps/shop-production");
    file(
      "live.pinned",
      Object.keys(live.services)
        .map((name) => `  "${name}":\n    image: "sha256:1"\n`)
        .join(""),
    );
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}
