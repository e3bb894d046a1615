import type { Deployer } from "@berth/api-client/types.ts";
import { Copy } from "../ui/copy.tsx";
import { workflow } from "./workflow.ts";

/** What the repository needs so that its jobs deploy. */
export const WorkflowFold = ({ deployer, open = false }: { deployer: Deployer; open?: boolean }) => (
  <details class="fold" open={open}>
    <summary>Workflow for GitHub Actions</summary>
    <p class="sub">
      <code>.github/workflows/deploy.yml</code>, for a Compose file whose service <code>web</code> is built in the job. It runs
      the command line from <code>.github/berth.mjs</code>. None of it is secret.
    </p>
    <Copy text={workflow(deployer, location.origin)} label={`Workflow for ${deployer.repository}`} />
  </details>
);
