/** A registry by its host, as image names have it before their first slash; Docker Hub is `docker.io`. */
export const registryHost = /^(?=.*[.:]|localhost$)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9]\d{0,4})?$/;

export const HOST_MOST = 260;
const HUB = "docker.io";
const hubs = new Set(["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"]);

/** What people copy from a browser or a Docker configuration, as a host. */
export function hostOf(text: string): string {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/.*$/, "");
  return hubs.has(host) ? HUB : host;
}

/** The registry that Docker pulls an image from. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  if (rest.length === 0 || !/[.:]|^localhost$/.test(first)) return HUB;
  return hubs.has(first) ? HUB : first;
}
