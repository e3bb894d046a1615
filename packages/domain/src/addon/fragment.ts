import type { Fields } from "../compose/file.ts";
import type { Addition } from "../compose/generated.ts";
import { type Kind, kinds } from "./catalogue.ts";
import { contractOf, passwordVariable } from "./contract.ts";
import type { KindName } from "./kind.ts";

/** What is chosen of an add-on. */
export interface Chosen {
  readonly kind: KindName;
  readonly name: string;
  readonly version: string;
  readonly services?: readonly string[] | undefined;
  readonly image?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly memory?: string | undefined;
}

export const volumeOf = (addon: string): string => `${addon}-data`;

/** What an add-on adds to a project. */
export function fragmentOf(addon: Chosen): Addition {
  const { kind, name, version, image, args = [], memory } = addon;
  const of: Kind = kinds[kind];
  const [secret, volume] = [name, volumeOf(name)];
  const fields = of.service({
    version,
    secret: `/run/secrets/${secret}`,
    volume,
    args: args.map((arg) => arg.replaceAll("$", "$$$$")),
  });
  const service: Fields = {
    image: image ?? of.image(version),
    ...fields,
    secrets: [secret],
    restart: "unless-stopped",
    ...(memory !== undefined && { mem_limit: memory }),
  };
  const secrets = { [secret]: passwordVariable(name) };
  const { services } = addon;
  return { by: `The add-on "${name}"`, name, service, volumes: [volume], secrets, variables: contractOf(addon), services };
}
