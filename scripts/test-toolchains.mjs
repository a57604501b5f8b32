// The packed tarball in the tools that people test and bundle with, on the oldest Node and on this one.
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build as buildByEsbuild } from 'esbuild'
import { build as buildByVite } from 'vite'
import { changed, reportAll } from './api-report.mjs'
import { createChecks, run } from './checks.mjs'
import { createConsumer, root } from './consumer.mjs'
import { install, nodes } from './runtimes.mjs'
import { checkNext } from './test-next.mjs'

const { check, finish } = createChecks('toolchains')
const tools = join(root, 'test/package/toolchains')
const [oldest] = nodes

/** Each returns an ES module, whose top-level `await` it must keep. */
const bundlers = {
  'esbuild for browsers': (entry) => byEsbuild(entry, 'browser'),
  'esbuild for Node': (entry) => byEsbuild(entry, 'node'),
  Vite: byVite,
  'webpack for the web': (entry) => byWebpack(entry, 'web'),
  'webpack for Node': (entry) => byWebpack(entry, 'node'),
  Rollup: byRollup,
}

let folder
const packed = await check('builds, packs and installs', async () => {
  const consumer = await createConsumer()
  folder = join(consumer.folder, 'project')
  cpSync(join(tools, 'project'), folder, { recursive: true })
  const packages = join(folder, 'node_modules')
  mkdirSync(packages)
  cpSync(join(consumer.folder, 'node_modules/short-circuit'), join(packages, 'short-circuit'), {
    recursive: true,
  })
  cpSync(join(folder, 'dependency'), join(packages, 'dependency'), { recursive: true })
  for (const name of readdirSync(join(tools, 'node_modules'))) {
    if (name.startsWith('.')) continue
    symlinkSync(join(tools, 'node_modules', name), join(packages, name))
  }
})

if (packed) {
  await check('the public types are those of test/package/api', () => {
    const files = changed(reportAll())
    if (files.length === 0) return
    throw new Error(`changed: ${files.join(', ')}. If it is meant, run npm run api and commit them`)
  })
  const node = await install('node', oldest)
  const jsdom = { testEnvironment: 'jsdom' }
  const ts = { transform: { '\\.ts$': 'ts-jest' } }
  const swc = { transform: { '\\.[jt]s$': '@swc/jest' } }
  const typed = { testMatch: ['**/typed.test.ts'] }
  for (const [program, version] of [
    [node, `Node ${oldest}`],
    [process.execPath, `Node ${process.versions.node}`],
  ]) {
    const jest = (name, config) =>
      check(`${name}, ${version}`, () => runJest(program, 'jest', config))
    await jest('Jest 30', {})
    await jest('Jest 30 with jsdom', jsdom)
    await jest('Jest 30 with ts-jest', { ...ts, ...typed })
    await jest('Jest 30 with SWC', { ...swc, ...typed })
    await check(`Jest 29, ${version}`, () => runJest(program, 'jest-29', {}))
    await check(`one copy by tsx, ${version}`, () =>
      runsSame(program, [join(tools, 'node_modules/tsx/dist/cli.mjs'), 'same.mts']),
    )
    await check(`one copy without tools, ${version}`, () => runsSame(program, ['same.mjs']))
  }
  for (const [name, bundle] of Object.entries(bundlers)) {
    await check(`one copy by ${name}`, async () => {
      const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`)
      writeFileSync(file, await bundle(join(folder, 'same.mjs')))
      await runsSame(process.execPath, [file])
    })
  }
  await checkNext(check, folder)
}
finish()

async function runJest(program, jest, config) {
  const file = join(folder, 'jest.config.json')
  const plain = { testMatch: ['**/plain.test.js'], transform: {}, cache: false }
  writeFileSync(file, JSON.stringify({ ...plain, ...config }))
  const bin = join(tools, 'node_modules', jest, 'bin/jest.js')
  await run(program, [bin, '--config', file, '--runInBand'], { cwd: folder })
}

async function runsSame(program, args) {
  const output = await run(program, args, { cwd: folder })
  if (!output.includes('same copy\n')) throw new Error(`expected one copy, got:\n${output}`)
}

async function byEsbuild(entry, platform) {
  const options = { bundle: true, format: 'esm', target: 'es2022', platform, write: false }
  const { outputFiles } = await buildByEsbuild({ ...options, entryPoints: [entry] })
  return outputFiles[0].text
}

async function byVite(entry) {
  const [{ output }] = await buildByVite({
    root: folder,
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2022', lib: { entry, formats: ['es'] } },
  })
  return output[0].code
}

async function byWebpack(entry, target) {
  const { default: webpack } = await import(join(tools, 'node_modules/webpack/lib/index.js'))
  const path = join(folder, `webpack-${target}`)
  const compiler = webpack({
    mode: 'production',
    context: folder,
    entry,
    target: [target, 'es2022'],
    output: { path, filename: 'bundle.mjs', module: true, chunkFormat: 'module' },
    experiments: { outputModule: true },
  })
  const stats = await promisify(compiler.run.bind(compiler))()
  if (stats.hasErrors()) throw new Error(stats.toString())
  return readFileSync(join(path, 'bundle.mjs'), 'utf8')
}

async function byRollup(entry) {
  const load = (name, file) => import(join(tools, 'node_modules', name, file))
  const { rollup } = await load('rollup', 'dist/es/rollup.js')
  const { nodeResolve } = await load('@rollup/plugin-node-resolve', 'dist/es/index.js')
  const { default: commonjs } = await load('@rollup/plugin-commonjs', 'dist/es/index.js')
  const bundle = await rollup({ input: entry, plugins: [nodeResolve(), commonjs()] })
  const { output } = await bundle.generate({ format: 'es' })
  return output[0].code
}
