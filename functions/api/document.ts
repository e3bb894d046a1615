import { v1 } from "./app.ts";
import { openapi } from "./openapi.ts";

/** The API's description, for docs/openapi.json and the tests that walk through every route. */
export const document = () => openapi(v1);
