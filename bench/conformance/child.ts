import {
  type BreakerAdapter,
  conformanceCases,
  runConformance,
} from '../../src/testing/conformance/index.ts'
import { shortCircuit } from '../../test/conformance/short-circuit.ts'
import { adapterOf, watchEscapes } from './peer.ts'
import { peers } from './peers.ts'

// Runs one library through the cases from one id on, and prints a line of JSON before and after each:
//   node --expose-gc bench/conformance/child.ts <package> [<id of the first case>]
// A process of its own, because libraries leave timers and global state behind, and may hang.

const [, , name, from] = process.argv

async function findAdapter(): Promise<BreakerAdapter> {
  if (name === shortCircuit.name) return shortCircuit
  const peer = peers.find((candidate) => candidate.package === name)
  if (peer === undefined) throw new Error(`unknown package ${name}`)
  return adapterOf(peer, watchEscapes())
}

const adapter = await findAdapter()
const first = conformanceCases.findIndex(({ id }) => id === from)
for (const one of conformanceCases.slice(Math.max(first, 0))) {
  console.log(JSON.stringify({ started: one.id }))
  for (const result of await runConformance(adapter, [one])) console.log(JSON.stringify(result))
}
process.exit(0)
