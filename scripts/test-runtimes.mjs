// The packed tarball on every runtime the README names.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { createChecks, run } from './checks.mjs'
import { createConsumer } from './consumer.mjs'
import { install, nodes } from './runtimes.mjs'

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
      const node = await install('node', version)
      await smoke(`Node ${version}`, node, ['import.mjs'])
      await smoke(`Node ${version}`, node, ['require.cjs'])
    })
  }
  await check(`Bun ${bun}, by import and by require`, async () => {
    const program = await install('bun', bun)
    await smoke(`Bun ${bun}`, program, ['import.mjs'])
    await smoke(`Bun ${bun}`, program, ['require.cjs'])
  })
  await check(`Deno ${deno}, by import and by require`, async () => {
    const program = await install('deno', deno)
    await smoke(`Deno ${deno}`, program, ['run', '--allow-read', '--allow-env', 'import.mjs'])
    await smoke(`Deno ${deno}`, program, ['run', '--allow-read', '--allow-env', 'require.cjs'])
  })
  await check(`workerd (miniflare ${miniflare}), bundled`, async () => {
    const program = await install('miniflare', miniflare)
    await bundleWorker()
    await smoke('workerd', process.execPath, ['workerd.mjs', program])
  })
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
