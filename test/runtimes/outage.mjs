import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { entries } from './entries.mjs'

// An outage of thousands of probes: what failed before is not kept. What errors and async contexts hold differs from one
// version of Node to the next.

const { CircuitBreaker } = entries['.']
const PROBES = 4_000
/** Of a context with what it refers to, bytes. */
const LEAST_LEAK = 300

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

async function heapUsed() {
  for (let i = 0; i < 3; i++) {
    gc()
    await nextTurn()
  }
  return process.memoryUsage().heapUsed
}

/** `fail(next)` makes a call that fails, and begins the next one when it has. */
async function takesNoMemory(what, fail) {
  let calls = 0
  let before
  await new Promise((resolve) => {
    const next = async () => {
      if (calls === PROBES / 4) before = await heapUsed()
      if (calls++ < PROBES) fail(next)
      else resolve()
    }
    void next()
  })
  const bytes = ((await heapUsed()) - before) / PROBES
  if (bytes > LEAST_LEAK) throw new Error(`${what}: each takes ${Math.round(bytes)} bytes`)
}

const createBreaker = () => new CircuitBreaker({ maxFailures: 1, resetTimeout: 0.001, history: 0 })

const alone = createBreaker()
await takesNoMemory('probes that fail by an error made within them', (next) => {
  const action = async () => {
    throw new Error('not connected')
  }
  alone
    .run(action)
    .catch(() => {})
    .finally(() => setImmediate(next))
})

// While another probe goes on for long, the contexts of all are followed.
const feed = createBreaker()
feed.trip()
await new Promise((resolve) => setTimeout(resolve, 10))
const source = async function* () {
  yield 1
  await new Promise(() => {})
}
const parts = feed.stream(source)()[Symbol.asyncIterator]()
await parts.next()
void parts.next()

const socket = createBreaker()
await takesNoMemory('probes that are begun within the one before', (next) => {
  const action = () =>
    new Promise((_, reject) => {
      setImmediate(() => {
        reject(new Error('refused'))
        setImmediate(next)
      })
    })
  socket.run(action).catch(() => {})
})
console.log(`smoke test passed on Node ${process.versions.node}`)
