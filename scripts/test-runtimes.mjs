// The packed tarball on every runtime the README names.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { startControl } from '../test/adapters/control-server.ts'
import { createChecks, run } from './checks.mjs'
import { createConsumer, root } from './consumer.mjs'
import { entries, manifest } from './entries.mjs'
import { install, nodes } from './runtimes.mjs'

const bun = '1.4.5'
const deno = '2.9.5'
const miniflare = '4.20260730.0'

/** What the contracts of clients that need Node import, besides the peers. */
const CLIENTS = [
  '@bufbuild/protobuf',
  '@connectrpc/connect-node',
  '@grpc/grpc-js',
  'grpc-js-1.8',
  'undici',
  'undici-8',
]

const { check, finish } = createChecks('runtimes')

let folder
const packed = await check('builds, packs and installs', async () => {
  folder = (await createConsumer()).folder
})
if (packed) {
  const control = await startControl()
  await check('the contract of what needs nothing but web standards is bundled', () =>
    bundleSuite('suite'),
  )
  await check('the contracts of clients that need Node are bundled', bundleClients)
  for (const version of nodes) {
    await check(`Node ${version}, by import and by require`, async () => {
      const node = await install('node', version)
      await smoke(`Node ${version}`, node, ['import.mjs'])
      await smoke(`Node ${version}`, node, ['require.cjs'])
    })
    await check(`Node ${version}, the memory of an outage`, async () => {
      await smoke(`Node ${version}`, await install('node', version), ['outage.mjs'])
    })
    await check(`Node ${version}, the contract`, async () => {
      await suite(await install('node', version), ['suite.mjs', control.origin])
    })
  }
  // At once: they wait for most of their time.
  await Promise.all(
    nodes.map((version) =>
      check(`Node ${version}, the contracts of undici, axios, grpc-js and Connect`, async () => {
        await suite(await install('node', version), ['suite-clients.mjs'])
      }),
    ),
  )
  await check(`Bun ${bun}, by import and by require`, async () => {
    const program = await install('bun', bun)
    await smoke(`Bun ${bun}`, program, ['import.mjs'])
    await smoke(`Bun ${bun}`, program, ['require.cjs'])
  })
  await check(`Bun ${bun}, the contract`, async () => {
    await suite(await install('bun', bun), ['suite.mjs', control.origin])
  })
  await check(`Deno ${deno}, by import and by require`, async () => {
    const program = await install('deno', deno)
    await smoke(`Deno ${deno}`, program, ['run', '--allow-read', '--allow-env', 'import.mjs'])
    await smoke(`Deno ${deno}`, program, ['run', '--allow-read', '--allow-env', 'require.cjs'])
  })
  await check(`Deno ${deno}, the contract`, async () => {
    const allowed = ['--allow-read', '--allow-env', '--allow-net']
    await suite(await install('deno', deno), ['run', ...allowed, 'suite.mjs', control.origin])
  })
  await check(`workerd (miniflare ${miniflare}), bundled`, async () => {
    const program = await install('miniflare', miniflare)
    const script = await bundleWorker('worker')
    await smoke('workerd', process.execPath, ['workerd.mjs', program, script])
  })
  await check(`workerd (miniflare ${miniflare}), the contract`, async () => {
    const program = await install('miniflare', miniflare)
    const script = await bundleWorker('suite-worker')
    const query = `?control=${encodeURIComponent(control.origin)}`
    await suite(process.execPath, ['workerd.mjs', program, script, query])
  })
  await control.stop()
}
finish()

// The smoke test ends by naming the runtime it found itself on: a program that quietly hands over
// to another of the same name must not count.
async function smoke(runtime, program, args) {
  const output = await run(program, args, { cwd: folder })
  if (!output.includes(`smoke test passed on ${runtime}\n`)) {
    throw new Error(`expected a smoke test that passed on ${runtime}, got:\n${output}`)
  }
}

async function suite(program, args) {
  // The limit is for what hangs: on a busy machine they take minutes.
  const output = await run(program, args, { cwd: folder, timeout: 600_000 })
  const [passed] = /^\d+ tests passed$/m.exec(output) ?? []
  if (passed === undefined) throw new Error(`expected tests that passed, got:\n${output}`)
  console.log(`    ${passed}`)
}

/** Contracts of the adapters with the package as it was packed, and without Vitest. */
async function bundleSuite(name, external = []) {
  const dist = join(folder, 'node_modules/short-circuit/dist')
  const alias = [
    { find: 'vitest', replacement: join(root, 'test/adapters/runner.ts') },
    ...entries.map(({ name, source }) => ({
      find: new RegExp(`^(?:\\.\\./)+${source}$`),
      replacement: `${dist}/${name}.js`,
    })),
  ]
  await bundle(name, { root, entry: join(root, `test/adapters/${name}.ts`), alias, external })
}

async function bundleClients() {
  const packages = CLIENTS.map((name) => {
    const version = manifest.devDependencies[name]
    return `${name}@${version}`
  })
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  await run('npm', ['install', ...flags, ...packages], { cwd: folder })
  const external = [...CLIENTS, ...Object.keys(manifest.peerDependencies)]
  await bundleSuite('suite-clients', [
    /^node:/,
    ...external.map((name) => new RegExp(`^${name}(?:/|$)`)),
  ])
}

async function bundleWorker(name) {
  await bundle(name, { root: folder, entry: join(folder, `${name}.mjs`) })
  return `${name}.bundle.mjs`
}

async function bundle(name, { root, entry, alias = [], external = [] }) {
  const [{ output }] = await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { alias },
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ['es'] },
      rollupOptions: { external, output: { codeSplitting: false } },
    },
  })
  writeFileSync(join(folder, `${name}.bundle.mjs`), output[0].code)
}
