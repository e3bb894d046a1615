import type { Scope } from "@berth/domain/scope.ts";

/** What each scope lets its holder do, in the words of the pages that ask for it. */
export const scopeWords: Record<Scope, string> = {
  read: "See apps, targets, jobs and logs",
  plan: "Say what a deployment would do, and apply nothing; includes reading",
  deploy: "Deploy, roll back and cancel jobs; includes planning",
  admin: "Add and remove targets, apps and tokens; includes deploying",
  billing: "Start payments and open the billing portal",
};

export function Scopes({ scopes }: { scopes: readonly Scope[] }) {
  return (
    <ul class="plain-list">
      {scopes.map((scope) => (
        <li key={scope}>
          <code>{scope}</code> {scopeWords[scope]}
        </li>
      ))}
    </ul>
  );
}
