export const deploymentFailures = {
  "plan.stale": {
    title: "The plan no longer holds",
    remedy: "Something changed since it was made, and nothing was done. Plan again, and apply the new plan.",
  },
  "plan.failed": {
    title: "The deployment could not be planned",
    remedy: "Nothing was done. Try again. If it fails again, deploy fewer services in one app.",
  },
  "data.at_risk": {
    title: "It would put data at risk",
    remedy:
      "Nothing was done. Do what the message says, or, if that is what you want, deploy or roll back with --accept-data-risk (`acceptDataRisk` in the API).",
  },
  "policy.denied": {
    title: "It needs access that the policy does not give",
    remedy:
      "Nothing was done. Take it out of the Compose file; or name what the policy asks about with --allow (`allow` in the API); or have an admin change the policy: berth app policy.",
  },
  "compose.invalid": {
    title: "Docker Compose rejected the Compose file",
    remedy: "Fix what it names in the Compose file or in .env; `docker compose config` on your machine says the same.",
  },
  "compose.conflict": {
    title: "Something of the project is where an add-on would be added",
    remedy:
      "Nothing was done. Rename what it names and deploy the folder again: `berth deploy`. Or add the add-on with another --name.",
  },
  "upgrade.failed": {
    title: "The add-on could not be upgraded",
    remedy:
      "It runs on as it was, with its data. Do what the message says and upgrade it again; or dump it by hand, and load the dump into an add-on of another name.",
  },
  "files.failed": {
    title: "The release's files could not be put in place",
    remedy: "Look at the path it names on the server: something else may be in its place.",
  },
  "files.conflict": {
    title: "Something else is where the app's files belong",
    remedy: "Move what it names out of the app's folder there, or give the file another name, and deploy again.",
  },
  "arch.mismatch": {
    title: "The image was built for another CPU architecture",
    remedy: "Build the image for the server's architecture, or as a multi-platform image.",
  },
  "archive.gone": {
    title: "What the release is made of is no longer kept",
    remedy: "Deploy again from the project's folder, which sends it again. It is kept for at least a week.",
  },
  "not.begun": {
    title: "It was not begun, since the target that comes first did not succeed",
    remedy: "Look at what failed on the target that builds for the others, fix it, and deploy again. Nothing was changed here.",
  },
  "build.failed": {
    title: "The build failed",
    remedy: "Look at the last lines of the build: they say what failed. Fix it and deploy again; what runs was not touched.",
  },
  "image.not_found": { title: "The image does not exist", remedy: "Check its name and tag, and that it was pushed." },
  "image.gone": {
    title: "An image of this release is not on the server any more",
    remedy:
      "It cannot be fetched by its digest either, and its tag may mean another image now. Push the image again, or deploy a new release.",
  },
  "registry.unavailable": { title: "The registry does not answer", remedy: "Try again later." },
  "registry.denied": {
    title: "The registry refused the server's pull",
    remedy:
      "Store a login that may pull: berth registry add REGISTRY --user USER. If it may, check the image's name: a registry that hides private images refuses what is not there, too.",
  },
  "registry.untrusted": {
    title: "Docker does not trust the registry's connection",
    remedy:
      "On the server, put the registry's CA certificate into /etc/docker/certs.d/REGISTRY/ca.crt; or, for a registry without TLS, list it under insecure-registries in /etc/docker/daemon.json.",
  },
  "port.taken": {
    title: "A port that the app publishes is in use",
    remedy: "Stop whatever uses it, or publish another port.",
  },
  "name.taken": {
    title: "A container name of the app is in use",
    remedy: "Remove or rename that container, or take container_name out of the Compose file.",
  },
  "network.missing": {
    title: "A network the app expects does not exist",
    remedy: "Create it on the server: docker network create NAME. Or drop `external: true`, and Compose creates it.",
  },
  "volume.missing": {
    title: "A volume the app expects does not exist",
    remedy: "Create it on the server: docker volume create NAME. Or drop `external: true`, and Compose creates it.",
  },
  "mount.missing": {
    title: "A folder or file that the app mounts does not exist",
    remedy: "Create it on the server, or fix its path in the Compose file.",
  },
  "start.failed": {
    title: "A container could not be started",
    remedy: "Fix the cause that the message names and deploy again.",
  },
  unhealthy: {
    title: "The release did not become healthy",
    remedy: "Fix the cause and deploy again. If the service only needs longer to start, give its health check a `start_period`.",
  },
  conflict: {
    title: "The app's folder or project name on the server is already taken",
    remedy: "Choose another app name or another server.",
  },
} as const;
