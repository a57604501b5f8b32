// The packed tarball on every runtime the README names. Each comes from npm at the version below.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { createChecks, run } from './checks.mjs'
import { createConsumer } from './consumer.mjs'

const nodes = ['20.19.0', '22.23.3', '24.21.0', '26.10.0']
const bun = '1.4.5'
const deno = '2.9.5'
const miniflare = '4.20260730.0'

const { check, finish } = createChecks('runtimes')

let folder
const packed = await check('builds, packs and installs', async () => {
  folder = (await createConsumer()).folder
})
if (packed) {
  for (const version of nodes) {
    await check(`Node ${version}, by import and by require`, async () => {
      await onRuntime(['node', version], ['node', 'import.mjs'], `Node ${version}`)
      await onRuntime(['node', version], ['node', 'require.cjs'], `Node ${version}`)
    })
  }
  await check(`Bun ${bun}, by import and by require`, async () => {
    await onRuntime(['bun', bun], ['bun', 'import.mjs'], `Bun ${bun}`)
    await onRuntime(['bun', bun], ['bun', 'require.cjs'], `Bun ${bun}`)
  })
  await check(`Deno ${deno}, by import and by require`, async () => {
    const deno_ = (file) => ['deno', 'run', '--allow-read', '--allow-env', file]
    await onRuntime(['deno', deno], deno_('import.mjs'), `Deno ${deno}`)
    await onRuntime(['deno', deno], deno_('require.cjs'), `Deno ${deno}`)
  })
  await check(`workerd (miniflare ${miniflare}), bundled`, async () => {
    await bundleWorker()
    await onRuntime(['miniflare', miniflare], ['node', 'workerd.mjs'], 'workerd')
  })
}
finish()

// The smoke test ends by naming the runtime it found itself on. That is compared, because npx may
// quietly take a program of the same name from PATH instead of the one asked for.
async function onRuntime([name, version], command, expected) {
  const npx = [
    '-y',
    '--loglevel=error',
    `--allow-scripts=${name},workerd`,
    '-p',
    `${name}@${version}`,
  ]
  const output = await run('npx', [...npx, '--', ...command], { cwd: folder })
  if (!output.includes(`smoke test passed on ${expected}\n`)) {
    throw new Error(`expected a smoke test that passed on ${expected}, got:\n${output}`)
  }
}

async function bundleWorker() {
  const [bundle] = await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: join(folder, 'worker.mjs'), formats: ['es'] },
    },
  })
  writeFileSync(join(folder, 'worker.bundle.mjs'), bundle.output[0].code)
}
