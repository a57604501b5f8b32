// Bundles the library: one file for each entry and five for the code they share. Loading a hundred
// small files takes a program longer than everything it then does with them. The errors are apart, so
// that a program which only recognises them takes nothing else along, and so is what only adapters and
// stores of fleets need.
//
// Twice: as ES modules for bundlers and workers, and as CommonJS for programs that run the package as
// it is. There `import` gets the same copy as `require`, since two of them would be two registries, and
// errors of one would be no instances of the classes of the other.
//   node scripts/bundle.mjs [folder]   writes to `dist` by default
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as buildCommand } from 'esbuild'
import { build } from 'vite'
import { buildDashboard, dashboardPlugin } from './dashboard.mjs'
import { entries, manifest } from './entries.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = resolve(root, process.argv[2] ?? 'dist')
const CLASS = /^export declare (?:abstract )?class (\w+)(<[^{]*?>)?(?= )/gm

/** Of each exported class, by its name. */
const typeParameters = new Map()
for (const file of readdirSync(folder, { recursive: true })) {
  if (!file.endsWith('.d.ts')) continue
  const text = readFileSync(join(folder, file), 'utf8')
  for (const [, name, parameters = ''] of text.matchAll(CLASS)) typeParameters.set(name, parameters)
}

await bundle('es', 'js')
for (const { name, exports } of await bundle('cjs', 'cjs')) {
  const file = basename(name)
  const wrapper = `export { ${exports.join(', ')} } from './${file}.cjs'\n`
  writeFileSync(join(folder, `${name}.node.mjs`), wrapper)
  writeFileSync(join(folder, `${name}.d.cts`), typesForRequire(file, exports))
}

const { notices } = await buildDashboard()
writeFileSync(join(folder, 'third-party.md'), notices)

// The command shares nothing with what programs import.
await buildCommand({
  entryPoints: [join(root, 'src/cli/main.ts')],
  outfile: join(folder, 'cli/main.js'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
})

/** Returns the entries, with the names that each exports. */
async function bundle(format, extension) {
  const [{ output }] = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [dashboardPlugin()],
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      sourcemap: true,
      lib: {
        entry: Object.fromEntries(entries.map(({ name, source }) => [name, join(root, source)])),
        formats: [format],
        fileName: (_, name) => `${name}.${extension}`,
      },
      rolldownOptions: {
        external: [/^node:/, ...Object.keys(manifest.peerDependencies)],
        output: {
          chunkFileNames: `[name].${extension}`,
          minifyInternalExports: false,
          codeSplitting: {
            groups: [
              { name: 'errors', test: /src\/errors\.ts$/ },
              // In this order, because each group takes along what its files import.
              {
                name: 'shared',
                test: /src\/(?!(adapter|outcomes|fleet|testing)\/)/,
                minShareCount: 2,
              },
              { name: 'fleet', test: /src\/fleet\//, minShareCount: 2 },
              { name: 'testing', test: /src\/testing\//, minShareCount: 2 },
              { name: 'adapters', test: /src\/(adapter|outcomes)\//, minShareCount: 2 },
            ],
          },
        },
      },
    },
  })
  return output.filter(({ isEntry }) => isEntry)
}

/**
 * The types of an ES module as those of a CommonJS one. They are not written twice, since a class with
 * private members is assignable to itself only, and a program may have modules of both kinds.
 */
function typesForRequire(file, exports) {
  const from = `'./${file}.js' with { 'resolution-mode': 'import' }`
  const lines = [`import type * as esm from ${from}`, `export type * from ${from}`]
  for (const name of exports) {
    lines.push(`export declare const ${name}: typeof esm.${name}`)
    const parameters = typeParameters.get(name)
    if (parameters === undefined) continue
    const declared = parameters
      .replace(/\b(?:in|out) (?=\w)/g, '')
      .replace(/(?<== )(?=[A-Z])/g, 'esm.')
    const names = declared.replace(/\s*(?:extends|=)[^,>]*/g, '')
    lines.push(`export type ${name}${declared} = esm.${name}${names}`)
  }
  return `${lines.join('\n')}\n`
}
