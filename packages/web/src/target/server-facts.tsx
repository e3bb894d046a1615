import { Fact, Facts } from "../ui/facts.tsx";
import { factsOf } from "./target.ts";

/** What a check found out about a server. */
export function ServerFacts({ facts }: { facts: Record<string, unknown> | undefined }) {
  const known = factsOf(facts);
  if (known.length === 0) return null;
  return (
    <Facts tight>
      {known.map(([term, value]) => (
        <Fact key={term} term={term}>
          {value}
        </Fact>
      ))}
    </Facts>
  );
}
