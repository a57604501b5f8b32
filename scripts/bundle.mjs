// Bundles the library: one file for each entry and two for the code they share. Loading a hundred
// small files takes a program longer than everything it then does with them. The errors are apart, so
// that whoever only recognises them takes nothing else along.
//   node scripts/bundle.mjs [folder]   writes to `dist` by default
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { entries } from './entries.mjs'

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
      output: {
        chunkFileNames: '[name].js',
        minifyInternalExports: false,
        codeSplitting: {
          groups: [
            { name: 'errors', test: /src\/errors\.ts$/ },
            { name: 'shared', test: /src\//, minShareCount: 2 },
          ],
        },
      },
    },
  },
})
