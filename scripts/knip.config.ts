import type { KnipConfig } from "knip";
import { functions } from "../functions/manifest.ts";

export default {
  entry: [
    ...Object.keys(functions).map((name) => `functions/${name}.ts`),
    // Named by path: aliases of the bundles, and what is run by hand.
    "functions/lambda-credentials.ts",
    "functions/endpoint-cache.ts",
    "test/infra/templates.ts",
    "test/web/screenshots.ts",
  ],
  ignoreBinaries: ["apt-get", "docker-registry", "flock", "ip", "ldd", "nsenter", "shellcheck", "ssh-keygen", "unshare", "vite"],
  // `aws-cdk` runs cdk.json; `preact` is what the page's JSX is compiled to.
  ignoreDependencies: ["aws-cdk", "preact"],
} satisfies KnipConfig;
