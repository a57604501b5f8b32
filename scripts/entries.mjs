// The subpaths of the package, read from `exports` in package.json. Builds and tests loop over them:
// a new subpath is its `src/<name>/index.ts` and its line in `exports`.
import { readFileSync } from 'node:fs'

export const manifest = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

export const entries = Object.entries(manifest.exports)
  .filter(([, target]) => target.endsWith('.js'))
  .map(([subpath, target]) => {
    const name = target.replace(/^\.\/dist\//, '').replace(/\.js$/, '')
    const specifier = subpath.replace(/^\./, manifest.name)
    return { subpath, specifier, name, source: `src/${name}.ts` }
  })
