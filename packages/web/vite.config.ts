import { defineConfig } from "vite";
import { pageHeaders } from "./src/headers.ts";

/** Where `npm run dev` answers; the pages are same-origin with the API in every other place. */
const gateway = process.env.BERTH_ORIGIN ?? "http://127.0.0.1:4000";

/** What every visitor is sent, and what somebody who is signed in is sent besides: many small files would be a third larger together. */
const groups = [
  { name: "start", tags: ["$initial" as const], priority: 2 },
  { name: "signed-in", test: /web\/src\/(?!errors|styles|ui)\w+\//, priority: 1 },
];

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups } } },
  },
  server: { host: "127.0.0.1", proxy: { "/v1": { target: gateway, changeOrigin: true, headers: { origin: gateway } } } },
  preview: { host: "127.0.0.1", headers: { ...pageHeaders } },
});
