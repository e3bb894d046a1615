import { body } from "@berth/api-client/client.ts";
import type { Policy } from "@berth/api-client/types.ts";
import { type Access, accesses, type Rule, rules } from "@berth/domain/entitlement/access.ts";
import { accessNames, ruleNames, sourceOf } from "@berth/domain/entitlement/access-words.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { api } from "../api.ts";
import { useOnce } from "../once.ts";
import { appsQuery, policyQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/field.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Status, type Tone } from "../ui/status.tsx";
import { said } from "../ui/toast.tsx";

const ACCOUNT = "";

/** What deployments may have that reaches beyond their own containers: rules of the account, and of each app. */
export function PolicyPage() {
  const app = new URLSearchParams(useSearch()).get("app") ?? ACCOUNT;
  const [, go] = useLocation();
  const apps = useQuery(appsQuery);
  const account = useQuery(policyQuery(ACCOUNT));
  const own = useQuery(policyQuery(app));
  const names = (apps.data ?? []).map(({ name }) => name);
  return (
    <Page
      title="Policy"
      lead="What deployments may have that reaches beyond their own containers and folder. Of the account's rule and the app's the stricter holds."
    >
      <div class="policy-of">
        <Choice
          label="Rules of"
          value={app}
          options={[
            [ACCOUNT, "the account: every app"],
            ...[...new Set(app === ACCOUNT ? names : [app, ...names])].map((name) => [name, `the app ${name}`] as const),
          ]}
          onValue={(name) => go(name === ACCOUNT ? "/policy" : `/policy?app=${encodeURIComponent(name)}`)}
        />
      </div>
      <Loaded query={own} lines={6}>
        {(policy) => (
          <Loaded query={account} lines={6}>
            {(whole) => <Rules key={app} policy={policy} account={whole.rules} />}
          </Loaded>
        )}
      </Loaded>
      <p class="hint">
        A change holds for deployments accepted from then on. Each is a line of the <Link href="/audit">audit log</Link>.
      </p>
    </Page>
  );
}

const tones: Readonly<Record<Rule, Tone>> = { allow: "off", warn: "wait", ask: "wait", deny: "bad" };

function Rules({ policy, account }: { policy: Policy; account: Policy["rules"] }) {
  const [draft, setDraft] = useState<Partial<Record<Access, Rule | "">>>({});
  const once = useOnce();
  const queries = useQueryClient();
  const { app, effective } = policy;
  const chosen = (access: Access) => draft[access] ?? policy.rules[access] ?? "";
  const changed = accesses.some((access) => chosen(access) !== (policy.rules[access] ?? ""));
  const set = useMutation({
    mutationFn: () => {
      const next = accesses.map((access) => [access, chosen(access)] as const).filter(([, rule]) => rule !== "");
      const json = { ...(app !== null && { app }), rules: Object.fromEntries(next) };
      return body(api.policy.$post({ json }, once(json)));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: policyQuery(ACCOUNT).queryKey.slice(0, 1) });
      setDraft({});
      said(`The policy of ${app ?? "the account"} was changed.`);
    },
  });
  const from = (access: Access) => {
    const source = sourceOf(access, effective, app === null ? undefined : policy.rules, account);
    return source === "default" ? "by default" : source === "app" ? `by the app ${app}` : "by the account";
  };
  return (
    <form
      class="stack"
      aria-label={app === null ? "Rules of the account" : `Rules of ${app}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!set.isPending && changed) set.mutate();
      }}
    >
      <ul class="rows">
        {accesses.map((access) => (
          <li key={access} class="row policy-rule">
            <div class="row-main">
              <h2 class="row-title">
                <code>{access}</code>
              </h2>
              <p class="row-sub">{accessNames[access]}</p>
            </div>
            <div class="policy-holds">
              <Status tone={tones[effective[access]]}>{effective[access]}</Status>
              <span class="sub break">{from(access)}</span>
            </div>
            <Choice
              label={`Rule for ${access}`}
              value={chosen(access)}
              options={[
                ["", app === null ? "default (warn)" : "none of its own"],
                ...rules.map((rule) => [rule, ruleNames[rule]] as const),
              ]}
              onValue={(rule) => setDraft({ ...draft, [access]: rule })}
            />
          </li>
        ))}
      </ul>
      <Refusal error={set.error} />
      <div>
        <Button kind="main" type="submit" busy={set.isPending} reason={changed ? undefined : "Nothing is changed"}>
          Save the rules
        </Button>
      </div>
    </form>
  );
}
