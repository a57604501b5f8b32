import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const budget: Record<string, number> = JSON.parse(
  await readFile(join(import.meta.dirname, 'size-budget.json'), 'utf8'),
)

const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

/** The library as it is published. */
let published: string

beforeAll(async () => {
  published = await mkdtemp(join(tmpdir(), 'size-'))
  execFileSync(process.execPath, [join(root, 'scripts/bundle.mjs'), published])
  const { type, sideEffects } = manifest
  await writeFile(join(published, 'package.json'), JSON.stringify({ type, sideEffects }))
})
afterAll(() => rm(published, { recursive: true, force: true }))

/** What an application takes from the published files, minified, as bundlers do it. */
async function bundled(what: string): Promise<string> {
  const [imported, subpath = '.'] = what.split(' from ')
  const result = await build({
    stdin: {
      contents: `export ${imported} from ${JSON.stringify(join(published, subpath, 'index.js'))}`,
      resolveDir: published,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['node:*', ...Object.keys(manifest.peerDependencies)],
    write: false,
  })
  return result.outputFiles[0]?.text ?? ''
}

describe('the size of an application that imports', () => {
  it.each(Object.entries(budget))(
    '%s stays within %i bytes, minified and compressed',
    async (imported, bytes) => {
      const size = gzipSync(await bundled(imported), { level: 9 }).length

      expect(size).toBeLessThanOrEqual(bytes)
      // A budget far above the size allows anything: lower it when the code has become smaller.
      expect(size).toBeGreaterThan(bytes * 0.95)
    },
  )
})

describe('an application that imports no registry', () => {
  it('has no code of registries and clients', async () => {
    const [some, all] = [await bundled('{ CircuitBreaker }'), await bundled('*')]

    for (const word of ['maxSize', 'evict', 'except']) {
      expect(all).toContain(word)
      expect(some).not.toContain(word)
    }
  })
})
