// The contract of the clients on the oldest Node, without those that need a newer one.
import { createChecks, run } from './checks.mjs'
import { root } from './consumer.mjs'
import { install, nodes } from './runtimes.mjs'

const [oldest] = nodes
const { check, finish } = createChecks('clients')

await check(`their contract on Node ${oldest}`, async () => {
  const node = await install('node', oldest)
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'clients']
  const { VITEST_JSON: _, ...env } = process.env
  const output = await run(node, [...vitest, 'test/clients/matrix'], { cwd: root, env })
  console.log(output.slice(output.lastIndexOf('Test Files')))
})
finish()
