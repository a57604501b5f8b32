import { globSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { type BuildOptions, build, type Plugin, transform } from 'esbuild'
import { type Feature, featureOf } from './features.ts'

const root = resolve(import.meta.dirname, '../..')
const src = join(root, 'src')

/** What an application ships, in bytes. */
export interface Bundle {
  readonly code: string
  readonly minified: number
  readonly gzipped: number
  readonly brotli: number
  /** What each file adds to it, minified, by its path below `src/`, without its ending. */
  readonly files: Readonly<Record<string, number>>
}

/** What an application bundles that imports `CircuitBreaker`, without some of its features. */
export async function bundleWithout(
  features: readonly Feature[],
  more: BuildOptions = {},
): Promise<Bundle> {
  const result = await build({
    stdin: { contents: `export { CircuitBreaker } from './index.ts'`, resolveDir: src },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
    plugins: [leaveOut(features)],
    ...more,
    metafile: true,
    write: false,
  })
  const code = result.outputFiles[0]?.text ?? ''
  const [output] = Object.values(result.metafile.outputs)
  const inputs = Object.entries(output?.inputs ?? {}).filter(([path]) => path.startsWith('src/'))
  return {
    code,
    minified: Buffer.byteLength(code),
    gzipped: gzipSync(code, { level: 9 }).length,
    brotli: brotliCompressSync(code).length,
    files: Object.fromEntries(
      inputs.map(([path, { bytesInOutput }]) => [nameOf(join(root, path)), bytesInOutput]),
    ),
  }
}

function nameOf(path: string): string {
  return relative(src, path).replaceAll('\\', '/').replace(/\.ts$/, '')
}

/** Puts in place of each file of the features one whose exports are all the same unknown value. */
function leaveOut(features: readonly Feature[]): Plugin {
  return {
    name: 'leave-out',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!features.includes(featureOf(nameOf(path)))) return undefined
        const { code } = await transform(await readFile(path, 'utf8'), { loader: 'ts' })
        const exports = exportsOf(code).map((name) => `absent as ${name}`)
        // A bundler that knew what it is would leave out more than the feature.
        return { contents: `const absent = globalThis.x\nexport { ${exports.join(', ')} }` }
      })
    },
  }
}

function exportsOf(code: string): string[] {
  const declared = code.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)
  const lists = code.matchAll(/^export \{([^}]*)\}/gm)
  const listed = Array.from(lists, ([, names = '']) => names.split(',')).flat()
  return [
    ...Array.from(declared, ([, name = '']) => name),
    ...listed.map((name) => name.trim().split(' as ').at(-1) ?? '').filter(Boolean),
  ]
}

/** The names of properties in a bundle that no user, no platform and no text knows. */
export function internalProperties(code: string): string[] {
  const reports = globSync('test/package/api/*.md', { cwd: root })
  const known = new Set([
    ...reports.flatMap((file) => readFileSync(join(root, file), 'utf8').match(/\w+/g) ?? []),
    ...(code.match(/"[^"\\]*"|`[^`]*`/g) ?? []).flatMap((text) => text.match(/\w+/g) ?? []),
    ...platformProperties(),
  ])
  const properties = code.matchAll(/\.([a-z]\w{2,})|(?<=[{,;])([a-z]\w{2,})(?=[:(,}=;])/gi)
  const names = new Set(Array.from(properties, ([, read, written]) => read ?? written ?? ''))
  return [...names].filter((name) => !known.has(name))
}

function platformProperties(): Set<string> {
  const names = new Set<string>()
  const seen = new Set<unknown>()
  const look = (value: unknown, depth: number): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return
    if (seen.has(value) || depth > 4) return
    seen.add(value)
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      names.add(name)
      look(property.value, depth + 1)
    }
    look(Object.getPrototypeOf(value), depth + 1)
  }
  look(globalThis, 0)
  return names
}
