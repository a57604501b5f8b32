// Looks at the package from outside: packs it, installs the tarball in an empty project, uses it there.
import { accessSync, constants, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { createChecks, run } from './checks.mjs'
import { bin, createConsumer, root } from './consumer.mjs'
import { entries } from './entries.mjs'

const { check, finish } = createChecks('package')

/** The oldest that is supported, the last of each major version, and the one that is used here. */
const TYPESCRIPTS = ['typescript-5.4', 'typescript-5.9', 'typescript-6', 'typescript']

let consumer
const packed = await check('builds, packs and installs', async () => {
  consumer = await createConsumer()
})
if (packed) {
  const { folder, tarball } = consumer
  await check('contains what it should and no tests', () => checkContents(tarball))
  await check('has the source map of every bundled file', () => checkSourceMaps(folder))
  await check('publint --strict', () => run(bin('publint'), ['run', tarball, '--strict']))
  await check('are the types wrong?', () => run(bin('attw'), [tarball]))
  for (const typescript of TYPESCRIPTS) {
    for (const { module, flags, files } of modulesOf(typescript)) {
      await check(`type-checks under ${typescript}, ${module}`, () =>
        checkTypes(folder, typescript, flags, files),
      )
    }
  }
  for (const node of nodes()) {
    const version = (await run(node, ['--version'])).trim()
    await check(`works by import on Node ${version}`, () =>
      run(node, ['import.mjs'], { cwd: folder }),
    )
    await check(`works by require on Node ${version}`, () =>
      run(node, ['require.cjs'], { cwd: folder }),
    )
    await check(`has a command that says what it does on Node ${version}`, () =>
      run(node, ['node_modules/short-circuit/dist/cli/main.js', 'help'], { cwd: folder }),
    )
  }
}
finish()

// The kinds of modules a consumer may have.
function modulesOf(typescript) {
  const imports = ['types.mts', 'entries.mjs']
  const all = [...imports, 'types.cts', 'types.ts', 'entries.cjs']
  const bundler = { module: 'esnext', moduleResolution: 'bundler', verbatimModuleSyntax: false }
  const node10 = { module: 'commonjs', moduleResolution: 'node10', verbatimModuleSyntax: false }
  const modules = [
    { module: 'nodenext', flags: { verbatimModuleSyntax: false }, files: all },
    { module: 'node16', flags: { module: 'node16', verbatimModuleSyntax: false }, files: all },
    { module: 'bundler', flags: bundler, files: [...imports, 'types.ts'] },
  ]
  // TypeScript 7 has it no more, and 6 warns of that.
  const ignored = typescript === 'typescript-6' && { ignoreDeprecations: '6.0' }
  if (typescript !== 'typescript') {
    const flags = { ...node10, ...ignored }
    modules.push({ module: 'commonjs and node10', flags, files: ['types.cts', 'types.ts'] })
  }
  return modules
}

async function checkTypes(folder, typescript, flags, files) {
  const config = { extends: './types.tsconfig.json', compilerOptions: flags, files }
  writeFileSync(join(folder, 'case.tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules', typescript, 'bin/tsc')
  await run(process.execPath, [tsc, '-p', 'case.tsconfig.json'], { cwd: folder })
}

async function checkContents(tarball) {
  const list = (await run('tar', ['-tzf', tarball])).trim().split('\n')
  const files = new Set(list.map((path) => path.replace(/^package\//, '')))
  const needed = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']
  for (const { name, source } of entries) {
    needed.push(source)
    for (const suffix of ['js', 'd.ts', 'd.ts.map', 'cjs', 'd.cts', 'node.mjs']) {
      needed.push(`dist/${name}.${suffix}`)
    }
  }
  needed.push('dist/cli/main.js', 'dist/third-party.md', ...linksOf('README.md'))
  for (const name of ['grafana-dashboard.json', 'prometheus-rules.yml']) {
    needed.push(`monitoring/${name}`)
  }
  // The code that the entries share.
  for (const name of ['adapters', 'errors', 'shared']) {
    needed.push(`dist/${name}.js`, `dist/${name}.cjs`)
  }
  const missing = needed.filter((path) => !files.has(path))
  const extra = [...files].filter(
    (path) =>
      /\.test(-d)?\./.test(path) ||
      !/^(dist|docs|src|monitoring)\/|^[^/]+\.(md|json)$|^LICENSE$/.test(path),
  )
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`)
  if (extra.length > 0) throw new Error(`not wanted: ${extra.join(', ')}`)
}

/** The files that a page links to: registries show the README with them, wherever the repository is. */
function linksOf(page) {
  const text = readFileSync(join(root, page), 'utf8')
  const links = Array.from(text.matchAll(/\]\(([^()\s#]+)(?:#[^()\s]*)?\)/g), ([, path]) => path)
  return links.filter((path) => !/^[a-z]+:/.test(path))
}

// A file that only re-exports has no source map.
function checkSourceMaps(folder) {
  const dist = join(folder, 'node_modules/short-circuit/dist')
  const files = readdirSync(dist, { recursive: true }).filter((file) => /\.c?js$/.test(file))
  const maps = files.flatMap((file) => {
    const code = readFileSync(join(dist, file), 'utf8')
    const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(code) ?? []
    return map === undefined ? [] : [join(dist, dirname(file), map)]
  })
  if (maps.length === 0) throw new Error('no file names a source map')
  for (const map of maps) accessSync(map)
}

// This Node, and the one a user of the machine has: npm puts the project's own first on PATH.
function nodes() {
  const found = [process.execPath]
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (/node_modules[\\/]\.bin$|node-gyp-bin$/.test(folder)) continue
    const path = join(folder, process.platform === 'win32' ? 'node.exe' : 'node')
    try {
      accessSync(path, constants.X_OK)
    } catch {
      continue
    }
    if (path !== process.execPath) found.push(path)
    break
  }
  return found
}
