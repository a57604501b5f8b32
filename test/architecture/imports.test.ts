import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { entries } from '../../scripts/entries.mjs'

/**
 * From the bottom to the top: a file imports its own layer and those below, types included. A name
 * stands for the file in `src/` and for the folder that holds its parts.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['core'],
  ['clock', 'errors', 'events'],
  ['options'],
  ['inspect'],
  ['circuit'],
  ['call'],
  ['circuit-breaker'],
  ['registry'],
  ['protect'],
  ['index'],
]

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  peerDependencies?: Record<string, string>
}
const subpaths = entries
  .filter(({ subpath }) => subpath !== '.')
  .map(({ subpath }) => subpath.slice('./'.length))

interface Import {
  readonly from: string
  /** A path below `src/`, or the name of a package. */
  readonly to: string
}

const imports = globSync('**/*.ts', { cwd: join(root, 'src') })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !/\.test(-d)?\.ts$/.test(file) && !file.startsWith('cli/'))
  .flatMap(importsOf)

function importsOf(from: string): Import[] {
  const text = readFileSync(join(root, 'src', from), 'utf8')
  const specifiers = text.matchAll(/^(?:import|export|\}).* from '([^']+)'|\bimport\('([^']+)'/gm)
  return Array.from(specifiers, ([, statically, lazily]) => {
    const specifier = (statically ?? lazily) as string
    const inside = specifier.startsWith('.')
    return { from, to: inside ? posix.join(dirname(from), specifier) : specifier }
  })
}

/** What subpaths share: the outcomes of protocols, and what all adapters of clients do. */
const SHARED = ['adapter', 'outcomes']

/** What a subpath may take from others: parts of one from it, stores from the fleet that they are for. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  admin: ['fleet/index.ts'],
  'admin/node': ['admin/index.ts'],
  'fleet/testing': [
    'fleet/index.ts',
    'testing/conformance/conformance-case.ts',
    'testing/conformance/run-cases.ts',
  ],
  postgres: ['fleet/index.ts'],
  redis: ['fleet/index.ts'],
}

function isShared(file: string): boolean {
  return SHARED.some((name) => file.startsWith(`${name}/`))
}

function subpathOf(file: string): string | undefined {
  const of = subpaths.filter((name) => file.startsWith(`${name}/`))
  return of.toSorted((a, b) => b.length - a.length)[0]
}

function layerOf(file: string): number {
  const name = (file.split('/')[0] as string).replace(/\.ts$/, '')
  return LAYERS.findIndex((layer) => layer.includes(name))
}

function show({ from, to }: Import): string {
  return `${from} imports ${to}`
}

function isPackage({ to }: Import): boolean {
  return !to.endsWith('.ts')
}

describe('the imports of the library', () => {
  const own = imports.filter(({ from }) => subpathOf(from) === undefined && !isShared(from))

  it('are found', () => {
    expect(own.length).toBeGreaterThan(200)
  })

  it('come from files that belong to a layer', () => {
    expect(own.filter(({ from }) => layerOf(from) === -1).map(show)).toEqual([])
  })

  it('go to the same layer or to one below', () => {
    const upwards = own.filter((one) => !isPackage(one) && layerOf(one.to) > layerOf(one.from))

    expect(upwards.map(show)).toEqual([])
  })

  it('name no package, no module of a platform and no subpath', () => {
    expect(own.filter((one) => isPackage(one) || layerOf(one.to) === -1).map(show)).toEqual([])
  })

  it('skip index.ts, which only gathers what others define', () => {
    expect(own.filter(({ to }) => to === 'index.ts').map(show)).toEqual([])
  })
})

describe('the command', () => {
  it('imports its own folder, what the admin and the stores of fleets have in common with it, and modules of Node', () => {
    const strays = globSync('cli/*.ts', { cwd: join(root, 'src') })
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap(importsOf)
      .filter(
        ({ to }) =>
          !/^(cli\/|node:|admin\/(index|entry|order|pages|text|undo|fleet\/\w+)\.ts$|(fleet|postgres|redis)\/index\.ts$)/.test(
            to,
          ),
      )

    expect(strays.map(show)).toEqual([])
  })
})

describe('a subpath', () => {
  it.each(subpaths)('%s has a folder with an index.ts', (name) => {
    expect(existsSync(join(root, 'src', name, 'index.ts'))).toBe(true)
  })

  it('is every folder in src/ that has an index.ts', () => {
    const folders = globSync('*/index.ts', { cwd: join(root, 'src') }).map((file) => dirname(file))

    const topmost = subpaths.filter((name) => !name.includes('/'))
    expect(folders.toSorted()).toEqual(topmost.toSorted())
  })

  it('imports the root entry, its own folder, what all share, peers, and the subpaths that it is for', () => {
    const peers = Object.keys(manifest.peerDependencies ?? {})
    const strays = imports.filter((one) => {
      const subpath = subpathOf(one.from)
      if (subpath === undefined || one.to === 'index.ts') return false
      if (OTHERS[subpath]?.includes(one.to)) return false
      if (isPackage(one)) return !peers.includes(one.to) && !one.to.startsWith('node:')
      return subpathOf(one.to) !== subpath && !isShared(one.to)
    })

    expect(strays.map(show)).toEqual([])
  })

  it('may share only what imports the root entry and what is shared', () => {
    const strays = imports.filter(
      ({ from, to }) => isShared(from) && to !== 'index.ts' && !isShared(to),
    )

    expect(strays.map(show)).toEqual([])
  })
})
