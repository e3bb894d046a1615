import { defineConfig } from "vite";
import { pageHeaders } from "./src/headers.ts";

/** Where `npm run dev` answers; the pages are same-origin with the API in every other place. */
const gateway = process.env.BERTH_ORIGIN ?? "http://127.0.0.1:4000";

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: "dist", emptyOutDir: true, target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { host: "127.0.0.1", proxy: { "/v1": { target: gateway, changeOrigin: true, headers: { origin: gateway } } } },
  preview: { host: "127.0.0.1", headers: { ...pageHeaders } },
});
