import type { Fields } from "../compose/file.ts";
import type { Addition } from "../compose/generated.ts";
import type { Chosen } from "./addon.ts";
import { type Kind, kinds } from "./catalogue.ts";
import { contractOf, passwordVariable } from "./contract.ts";

export const volumeOf = ({ name, volume }: Pick<Chosen, "name" | "volume">): string => volume ?? `${name}-data`;
export const imageOf = ({ kind, version, image }: Chosen): string => image ?? kinds[kind].image(version);

/** What an add-on adds to a project. */
export function fragmentOf(addon: Chosen): Addition {
  const { kind, name, version, args = [], memory } = addon;
  const of: Kind = kinds[kind];
  const [secret, volume] = [name, volumeOf(addon)];
  const fields = of.service({
    version,
    secret: `/run/secrets/${secret}`,
    volume,
    args: args.map((arg) => arg.replaceAll("$", "$$$$")),
  });
  const service: Fields = {
    image: imageOf(addon),
    ...fields,
    secrets: [secret],
    restart: "unless-stopped",
    ...(memory !== undefined && { mem_limit: memory }),
  };
  const secrets = { [secret]: passwordVariable(name) };
  const { services } = addon;
  return { by: `The add-on "${name}"`, name, service, volumes: [volume], secrets, variables: contractOf(addon), services };
}
