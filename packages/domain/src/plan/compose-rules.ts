/** What Docker Compose does in one version and not in another, as its source has it (pkg/compose/hash.go, convergence.go and create.go). */
export interface ComposeRules {
  /** What a service depends on is part of its configuration: another dependency replaces its container. */
  readonly comparesDependencies: boolean;
  readonly comparesProfiles: boolean;
  /** A service is replaced with each one that it depends on; later only restarted, and only with `restart: true`. */
  readonly replacesDependents: boolean;
  /** A network that is defined differently is made anew, and all on it is stopped meanwhile. */
  readonly remakesNetworks: boolean;
  /** A container that lacks a volume of its service is replaced, as when the volume got another name. */
  readonly looksAtVolumes: boolean;
}

export function rulesOf(version: string): ComposeRules {
  const [major = 2, minor = 0, patch = 0] = version.replace(/^v/, "").split(/[.+-]/).map(Number);
  const since = (wanted: readonly [number, number, number]) => {
    const ours = [major, minor, patch];
    const at = wanted.findIndex((part, i) => part !== ours[i]);
    return at === -1 || ours[at]! > wanted[at]!; // both have three parts
  };
  return {
    comparesDependencies: !since([2, 29, 3]),
    comparesProfiles: !since([2, 30, 2]),
    replacesDependents: !since([2, 29, 4]),
    remakesNetworks: since([2, 31, 0]),
    looksAtVolumes: since([2, 32, 0]),
  };
}
