// The subpaths of the package, read from `exports` in package.json. Builds and tests loop over them:
// a new subpath is its `src/<name>/index.ts` and its line in `exports`.
import { readFileSync } from 'node:fs'

export const manifest = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

export const entries = Object.keys(manifest.exports)
  .filter((subpath) => !subpath.endsWith('.json'))
  .map((subpath) => {
    const name = subpath === '.' ? 'index' : `${subpath.slice(2)}/index`
    const specifier = subpath.replace(/^\./, manifest.name)
    return { subpath, specifier, name, source: `src/${name}.ts` }
  })

/**
 * What `exports` has for an entry. Programs that run the package as it is get CommonJS, by `import` and
 * by `require`, so that there is one copy; bundlers and workers get ES modules. There is no condition
 * `browser`: the browser-like environment of Jest asks for it, and can't load an ES module.
 */
export function targetsOf(name) {
  const file = `./dist/${name}`
  return {
    module: `${file}.js`,
    workerd: `${file}.js`,
    'edge-light': `${file}.js`,
    worker: `${file}.js`,
    node: {
      import: { types: `${file}.d.ts`, default: `${file}.node.mjs` },
      require: `${file}.cjs`,
    },
    require: `${file}.cjs`,
    default: `${file}.js`,
  }
}
