import { writeFileSync } from "node:fs";
import { document } from "../functions/api/document.ts";

// The contract as clients see it; test/api/contract.test.ts holds the routes to it.
writeFileSync(new URL("../docs/openapi.json", import.meta.url), `${JSON.stringify(document(), null, 1)}\n`);
