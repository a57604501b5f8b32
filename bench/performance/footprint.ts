import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { run } from './run.ts'
import { type Figure, quantile, shuffled } from './statistics.ts'

/** What it takes to have a library. */
export interface Footprint {
  readonly label: string
  /** Bytes of what an application imports, with its dependencies. */
  readonly minified: number
  readonly gzipped: number
  /** How long a Node that imports it takes to start and end, in units of one that imports nothing. */
  readonly start: Figure
}

const entries: readonly [label: string, module: string, names: string][] = [
  ['opossum', 'opossum', 'default as Breaker'],
  ['cockatiel', 'cockatiel', 'circuitBreaker, ConsecutiveBreaker, handleAll'],
  ['mollitia', 'mollitia', 'Circuit, SlidingCountBreaker'],
  ['levee', 'levee', 'default as levee'],
  ['alfred', '@git-stunts/alfred', 'circuitBreaker'],
]

/** Of this library, as built in `dist`, and of the others. */
export async function footprints(dist: string, times: number): Promise<Footprint[]> {
  const own: typeof entries = [
    ['short-circuit', join(dist, 'index.js'), 'CircuitBreaker'],
    ['short-circuit, everything', join(dist, 'index.js'), ''],
  ]
  const folder = await mkdtemp(join(tmpdir(), 'footprint-'))
  try {
    const programs = new Map<string, string>()
    const sizes = new Map<string, { minified: number; gzipped: number }>()
    const empty = join(folder, 'empty.mjs')
    await writeFile(empty, '')
    for (const [label, module, names] of [...own, ...entries]) {
      const program = join(folder, `${programs.size}.mjs`)
      await writeFile(program, `import ${JSON.stringify(pathToFileURL(pathOf(module)).href)}\n`)
      programs.set(label, program)
      sizes.set(label, await bundled(folder, module, names))
    }
    const took = new Map<string, number[]>()
    for (let i = 0; i < times; i++) {
      const floor = await start(empty)
      for (const [label, program] of shuffled([...programs])) {
        const samples = took.get(label) ?? []
        samples.push((await start(program)) / floor)
        took.set(label, samples)
      }
    }
    return [...programs.keys()].map((label) => {
      const samples = took.get(label) ?? []
      return {
        label,
        ...(sizes.get(label) as { minified: number; gzipped: number }),
        start: { value: quantile(samples, 0.5), spread: spreadOf(samples) },
      }
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Half the way between the quartiles: starting a process now and then takes many times as long. */
function spreadOf(samples: readonly number[]): number {
  return (quantile(samples, 0.75) - quantile(samples, 0.25)) / 2 / quantile(samples, 0.5)
}

function pathOf(module: string): string {
  return isAbsolute(module) ? module : fileURLToPath(import.meta.resolve(module))
}

async function start(program: string): Promise<number> {
  const begin = performance.now()
  await run([program])
  return performance.now() - begin
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
