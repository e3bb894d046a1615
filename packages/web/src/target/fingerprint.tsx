import { body } from "@berth/api-client/client.ts";
import type { HostKey } from "@berth/api-client/types.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { needsProof, Prove } from "../auth/prove.tsx";
import { targetsQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Copy } from "../ui/copy.tsx";
import { Tick } from "../ui/field.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { said } from "../ui/toast.tsx";
import { showFingerprint } from "./target.ts";
import type { TargetView } from "./target-card.tsx";

/** Confirming that the machine that answered is the customer's own: the one step no program can take for them. */
export function Fingerprint({ target, shown }: { target: TargetView; shown: HostKey }) {
  const [same, setSame] = useState(false);
  const queries = useQueryClient();
  const trust = useMutation({
    mutationFn: () =>
      body(api.targets[":target"].trust.$post({ param: { target: target.id }, json: { fingerprint: shown.fingerprint } })),
    onSuccess: async () => {
      await queries.invalidateQueries(targetsQuery);
      said(`The host key of ${target.name} is confirmed. Checking the server now.`);
    },
  });
  const changed = target.status === "changed";
  return (
    <div class={changed ? "fingerprint bad" : "fingerprint"}>
      <h3>{changed ? "The server shows another host key than the confirmed one" : "Is this your server?"}</h3>
      <p>
        {changed
          ? "Nothing was sent to it. If you reinstalled the server this is expected; if not, find out who answers before you go on."
          : "The machine that answered shows this key. Compare it with what the server itself says:"}
      </p>
      <p class="print mono break">{shown.fingerprint}</p>
      <p class="sub">On the server, over a connection you trust:</p>
      <Copy text={showFingerprint(shown.type)} label={`Command that shows the host key of ${target.name}`} wrap />
      <Tick label="It is the same on the server" checked={same} onChecked={setSame} />
      <Refusal error={needsProof(trust.error) ? null : trust.error} />
      {needsProof(trust.error) && <Prove onProved={() => trust.mutate()} onClose={() => trust.reset()} />}
      <div>
        <Button
          kind="main"
          busy={trust.isPending}
          label={`Confirm the host key of ${target.name}`}
          reason={same ? undefined : "Compare it first"}
          onClick={() => trust.mutate()}
        >
          Confirm the host key
        </Button>
      </div>
    </div>
  );
}
