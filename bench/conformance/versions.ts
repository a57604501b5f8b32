import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** Read from the installed package itself, wherever npm put it; some packages do not export their package.json. */
export function installedVersion(name: string): string {
  for (const modules of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(join(modules, name, 'package.json'), 'utf8')
      return (JSON.parse(text) as { version: string }).version
    } catch {
      // Not in this directory.
    }
  }
  throw new Error(`${name} is not installed below ${dirname(import.meta.dirname)}`)
}
