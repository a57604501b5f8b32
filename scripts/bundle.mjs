// Puts the modules of the library together, a file for each entry and one for what they share: to load
// a hundred small files takes a program longer than all that it does with them.
//   node scripts/bundle.mjs [folder]   into `dist` unless told otherwise
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

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
      entry: {
        index: join(root, 'src/index.ts'),
        'testing/index': join(root, 'src/testing/index.ts'),
      },
      formats: ['es'],
      fileName: (_, name) => `${name}.js`,
    },
    rolldownOptions: {
      output: { chunkFileNames: 'shared.js', minifyInternalExports: false },
    },
  },
})
