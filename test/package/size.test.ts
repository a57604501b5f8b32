import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const budget: Record<string, number> = JSON.parse(
  await readFile(join(import.meta.dirname, 'size-budget.json'), 'utf8'),
)

describe('the size of an application that imports', () => {
  it.each(Object.entries(budget))(
    '%s stays within %i bytes, minified and compressed',
    async (imported, bytes) => {
      const size = await bundledSize(imported)

      expect(size).toBeLessThanOrEqual(bytes)
      // A budget far above the size allows anything: lower it when the code has become smaller.
      expect(size).toBeGreaterThan(bytes * 0.8)
    },
  )
})

async function bundledSize(imported: string): Promise<number> {
  const [names, from = '.'] = imported.split(' from ')
  const source = join(root, 'src', from, 'index.ts')
  const folder = await mkdtemp(join(tmpdir(), 'size-'))
  try {
    const entry = join(folder, 'entry.ts')
    await writeFile(entry, `export ${names} from ${JSON.stringify(source)}\n`)
    const bundle = await build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2022',
        modulePreload: false,
        // As an application is built: a library build would keep its line breaks.
        rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
      },
    })
    if (!('output' in bundle)) throw new Error('vite built something other than one bundle')
    const code = bundle.output.map((file) => (file.type === 'chunk' ? file.code : ''))
    return gzipSync(code.join(''), { level: 9 }).length
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
