import { createWorld } from "@berth/aws/world.ts";
import { serve } from "./gateway.ts";
import { reveal } from "./routes/reveal.ts";
import { shell } from "./shell.ts";

export const handler = serve(shell(createWorld(process.env)).route("/v1", reveal));
