import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const entry = fileURLToPath(new URL('../../src/index.ts', import.meta.url))

/** The library as one script, which makes its exports the members of a global `short`. */
export async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'short',
    target: 'es2022',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

/** A module whose code imports the library as `short`. */
export async function bundleModule(code: string): Promise<string> {
  const contents = `import * as short from ${JSON.stringify(entry)}\n${code}`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '/' },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}
