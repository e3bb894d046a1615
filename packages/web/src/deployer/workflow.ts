import type { Deployer } from "@berth/api-client/types.ts";

type About = Pick<Deployer, "id" | "app" | "repository" | "ref" | "jobEnvironment" | "pullRequests">;

const PLAIN = /^[A-Za-z0-9][\w./-]*$/;
const scalar = (text: string) => (PLAIN.test(text) ? text : JSON.stringify(text));

/** When GitHub starts it: for the branch or tag that may deploy, or for pull requests. */
function on({ ref, pullRequests }: About): string {
  if (pullRequests) return "  pull_request:";
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref ?? "refs/heads/main") ?? [];
  return `  push:\n    ${kind === "tags" ? "tags" : "branches"}: [${scalar(name ?? "main")}]`;
}

/** A workflow of GitHub Actions that builds an image in the job and deploys it by its digest; the one of docs/github-actions.md. */
export function workflow(deployer: About, url: string): string {
  const { id, app, repository, jobEnvironment } = deployer;
  const image = `ghcr.io/${repository.toLowerCase()}`;
  return `name: deploy
on:
${on(deployer)}
concurrency: deploy
permissions:
  contents: read
  packages: write
  id-token: write
jobs:
  deploy:
    runs-on: ubuntu-latest${jobEnvironment === undefined ? "" : `\n    environment: ${scalar(jobEnvironment)}`}
    env:
      BERTH_URL: ${url}
      BERTH_DEPLOYER: ${id}
    steps:
      - uses: actions/checkout@v4
      - uses: docker/login-action@v3
        with:
          registry: ghcr.io
          username: \${{ github.actor }}
          password: \${{ secrets.GITHUB_TOKEN }}
      - uses: docker/build-push-action@v6
        id: build
        with:
          push: true
          tags: ${image}:latest
      - run: node .github/berth.mjs deploy --app ${app} --image "web=${image}@$DIGEST"
        env:
          DIGEST: \${{ steps.build.outputs.digest }}
`;
}
