import type { KnipConfig } from "knip";
import { entryOf, type FunctionName, functions } from "../functions/manifest.ts";

export default {
  workspaces: {
    ".": {
      entry: [
        ...(Object.keys(functions) as FunctionName[]).map(entryOf),
        // Run by hand.
        "test/infra/templates.ts",
        "test/web/screenshots.ts",
      ],
    },
  },
  ignoreBinaries: ["apt-get", "docker-registry", "flock", "ip", "ldd", "nsenter", "shellcheck", "ssh-keygen", "unshare", "vite"],
  // `aws-cdk` runs cdk.json; `preact` is what the page's JSX is compiled to.
  ignoreDependencies: ["aws-cdk", "preact"],
} satisfies KnipConfig;
