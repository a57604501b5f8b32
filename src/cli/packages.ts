import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Imports the first of these packages that there is where the command is run, or where it is installed. It depends on
 * none itself: a project with a fleet has one, and knows how the store is reached by it.
 */
export async function importFirst<Name extends string>(
  folder: string,
  names: Iterable<Name>,
): Promise<{ readonly name: Name; readonly exported: object } | undefined> {
  for (const from of [pathToFileURL(join(folder, 'package.json')).href, import.meta.url]) {
    const require = createRequire(from)
    for (const name of names) {
      let path: string
      try {
        path = require.resolve(name)
      } catch {
        continue
      }
      const found = (await import(pathToFileURL(path).href)) as { readonly default?: object }
      return { name, exported: { ...found.default, ...found } }
    }
  }
  return undefined
}
