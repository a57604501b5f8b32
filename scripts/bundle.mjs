// Bundles the library: one file for each entry and three for the code they share. Loading a hundred
// small files takes a program longer than everything it then does with them. The errors are apart, so
// that whoever only recognises them takes nothing else along, and so is what only adapters need.
//   node scripts/bundle.mjs [folder]   writes to `dist` by default
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { entries, manifest } from './entries.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    outDir: resolve(root, process.argv[2] ?? 'dist'),
    emptyOutDir: false,
    target: 'es2022',
    minify: false,
    sourcemap: true,
    lib: {
      entry: Object.fromEntries(entries.map(({ name, source }) => [name, join(root, source)])),
      formats: ['es'],
      fileName: (_, name) => `${name}.js`,
    },
    rolldownOptions: {
      external: Object.keys(manifest.peerDependencies),
      output: {
        chunkFileNames: '[name].js',
        minifyInternalExports: false,
        codeSplitting: {
          groups: [
            { name: 'errors', test: /src\/errors\.ts$/ },
            // In this order, because each group takes along what its files import.
            { name: 'shared', test: /src\/(?!adapter\/|outcomes\/)/, minShareCount: 2 },
            { name: 'adapters', test: /src\/(adapter|outcomes)\//, minShareCount: 2 },
          ],
        },
      },
    },
  },
})
