/** A fleet to which anything happens, at random: `node test/fleet/processes/anything.ts [seed] [steps]`. */
import { seeded } from '../../soak/random.ts'
import { Fleet } from './fleet.ts'

const [seed = Math.floor(Math.random() * 1e6), steps = 400] = process.argv.slice(2).map(Number)
console.log(`seed ${seed}, ${steps} steps`)

const random = seeded(seed)
function pick<T>(items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T
}

const fleet = await Fleet.start({
  processes: 4,
  deadline: 250,
  breaker: { maxFailures: 20, resetTimeout: 200 },
  policy: { bucketMs: 100 },
})
const all = [...fleet.workers.values()]
const faults: readonly (() => unknown)[] = [
  () => fleet.upstream.fail(),
  () => fleet.upstream.hang(),
  () => fleet.upstream.answer(),
  () => fleet.upstream.answer(),
  () => fleet.server.freeze(),
  () => fleet.network.keep(),
  () => fleet.network.cut(),
  () => {
    fleet.network.delay = pick([0, 50, 100, 400])
  },
  () => fleet.loseData(() => fleet.redis('FLUSHALL')),
  () => fleet.redis('SCRIPT', 'FLUSH'),
  () => fleet.redis('CLIENT', 'KILL', 'TYPE', 'pubsub'),
  () => fleet.freeze(pick(all)),
  () => pick(all).operate(pick(['trip', 'reset', 'halfOpen', 'forceOpen', 'release'])),
]

for (let i = 0; i < steps; i++) {
  await pick(faults)()
  await new Promise((resolve) => setTimeout(resolve, random() * 400))
  fleet.server.thaw()
  fleet.network.pass()
  for (const worker of all) fleet.thaw(worker)
}

fleet.network.delay = 0
fleet.upstream.answer()
await fleet.connected(true)
pick(all).operate('release')
await fleet.until('none is overridden', () => all.every(({ view }) => view?.override === null))
await fleet.all('closed')
await fleet.rest()
await fleet[Symbol.asyncDispose]()
console.log(`${fleet.history.length} events, all promises kept`)
