import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { libraryOf, runChild, type Stage } from './run.ts'
import { type Figure, quantile, shuffled } from './statistics.ts'

/** What it takes to have a library. */
export interface Footprint {
  readonly label: string
  /** Bytes of what an application imports, with its dependencies. */
  readonly minified: number
  readonly gzipped: number
  /** Ms until it is imported. */
  readonly importTime: Figure
}

const entries: readonly [label: string, module: string, names: string][] = [
  ['opossum', 'opossum', 'default as Breaker'],
  ['cockatiel', 'cockatiel', 'circuitBreaker, ConsecutiveBreaker, handleAll'],
  ['mollitia', 'mollitia', 'Circuit, SlidingCountBreaker'],
  ['levee', 'levee', 'default as levee'],
  ['alfred', '@git-stunts/alfred', 'circuitBreaker'],
  ['Effect', 'effect/persistence', 'CircuitBreaker'],
]

/** Of this library and of the others. */
export async function footprints(stage: Stage, times: number): Promise<Footprint[]> {
  const all: typeof entries = [
    ['short-circuit', libraryOf(stage), 'CircuitBreaker'],
    ['short-circuit, everything', libraryOf(stage), ''],
    ...entries,
  ]
  const folder = await mkdtemp(join(tmpdir(), 'footprint-'))
  try {
    const imports = await measureImports(
      stage,
      all.map(([, module]) => module),
      times,
    )
    const result: Footprint[] = []
    for (const [i, [label, module, names]] of all.entries()) {
      const sizes = await bundled(folder, module, names)
      result.push({ label, ...sizes, importTime: imports[i] as Figure })
    }
    return result
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Ms until each of the modules is imported, by processes that do nothing else. */
export async function measureImports(
  stage: Stage,
  modules: readonly string[],
  times: number,
): Promise<Figure[]> {
  const took = modules.map((): number[] => [])
  for (let i = 0; i < times; i++) {
    for (const [at, module] of shuffled([...modules.entries()])) {
      const url = pathToFileURL(pathOf(module)).href
      took[at]?.push(await runChild<number>(stage, 'import-child', [url]))
    }
  }
  return took.map((samples) => ({ value: quantile(samples, 0.5), spread: spreadOf(samples) }))
}

/** Half the way between the quartiles: starting a process now and then takes many times as long. */
function spreadOf(samples: readonly number[]): number {
  return (quantile(samples, 0.75) - quantile(samples, 0.25)) / 2 / quantile(samples, 0.5)
}

function pathOf(module: string): string {
  return isAbsolute(module) ? module : fileURLToPath(import.meta.resolve(module))
}

async function bundled(
  folder: string,
  module: string,
  names: string,
): Promise<{ minified: number; gzipped: number }> {
  const entry = join(folder, 'entry.mjs')
  const what = names === '' ? '*' : `{ ${names} }`
  await writeFile(entry, `export ${what} from ${JSON.stringify(pathOf(module))}\n`)
  const bundle = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: true,
      write: false,
      minify: true,
      target: 'es2022',
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
    },
  })
  if (!('output' in bundle)) throw new Error('vite built something other than one bundle')
  const code = bundle.output.map((file) => (file.type === 'chunk' ? file.code : '')).join('')
  return { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length }
}
