import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const folder = dirname(fileURLToPath(import.meta.url));

/**
 * The console as static files: hashed assets that may be cached for ever, and one index.html. Nothing is inlined,
 * because the content security policy lets no inline script or data: font through.
 */
export default defineConfig({
  root: folder,
  base: '/',
  publicDir: false,
  cacheDir: join(folder, '..', '..', '..', 'node_modules', '.vite'),
  build: {
    outDir: join(folder, '..', '..', '..', 'dist', 'console'),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      // Mantine marks its modules for a server renderer that isn't here: one warning per module says nothing.
      onLog: (level, log, log_) => log.code === 'MODULE_LEVEL_DIRECTIVE' || log_(level, log),
    },
  },
});
