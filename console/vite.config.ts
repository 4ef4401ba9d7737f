// How the page is built: plain files beside the server, nothing inlined, so a strict CSP holds.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic" } },
  build: {
    outDir: "../src/vantum/web/console",
    emptyOutDir: true,
    assetsInlineLimit: 0, // `default-src 'self'` forbids data: URLs
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: {
    // `vite dev` beside a running server
    proxy: {
      "/ws": { target: "ws://127.0.0.1:3001", ws: true },
      "/choices": "http://127.0.0.1:3001",
    },
  },
});
