import cluster, { type Worker } from 'node:cluster'
import { memoryStore, serveStore } from '../../../src/fleet/index.ts'
import { createMember, type Order } from './member.ts'

// A primary and two workers of a cluster: they open together, one is killed while it probes, the other one recovers.

interface Said {
  readonly id: number
  readonly order?: Order
  readonly said?: string
}

let count = 0
/** Orders that were not answered. */
const unanswered = new Map<Worker, number>()

if (cluster.isPrimary) await runPrimary()
else runWorker()

function runWorker(): void {
  const obey = createMember(process)
  process.on('message', async ({ id, order }: Said) => {
    if (order !== undefined) process.send?.({ id, said: await obey(order) })
  })
}

async function runPrimary(): Promise<void> {
  const store = memoryStore()
  let listeners = 0
  const [a, b] = [start(), start()]
  for (const worker of [a, b]) {
    await tell(worker, 'succeed')
    await tell(worker, 'ready')
  }
  for (const worker of [a, b, a, b]) await tell(worker, 'fail')
  for (const worker of [a, b]) await until(async () => (await tell(worker, 'state')) !== 'closed')
  console.log('both have opened')

  await until(async () => {
    void tell(a, 'hang')
    return (await leases()) === 1 && (await tell(a, 'state')) === 'half-open'
  })
  console.log(`the other one while it probes: ${await tell(b, 'succeed')}`)
  const exited = new Promise((resolve) => a.once('exit', resolve))
  a.process.kill('SIGKILL')
  await exited
  await until(async () => (await tell(b, 'succeed')) === 'closed')
  console.log('the other one has closed')
  // Beside those that Node has by itself, and of orders that were not answered.
  const own = a.listenerCount('message') - (unanswered.get(a) ?? 0) - listeners
  console.log(
    `listeners of the dead: ${own + a.listenerCount('exit') + a.listenerCount('disconnect')}`,
  )

  const ended = new Promise((resolve) => b.once('exit', resolve))
  b.disconnect()
  await ended
  console.log('all have ended')

  function start(): Worker {
    const worker = cluster.fork()
    listeners = worker.listenerCount('message')
    serveStore(store, worker)
    return worker
  }

  async function leases(): Promise<number | undefined> {
    const reading = await store.read?.(['api'], new AbortController().signal)
    return reading?.breakers[0]?.leases.length
  }
}

function tell(worker: Worker, order: Order): Promise<string> {
  const id = ++count
  return new Promise((resolve) => {
    const hear = (message: Said): void => {
      if (message.id !== id || message.said === undefined) return
      worker.off('message', hear)
      unanswered.set(worker, (unanswered.get(worker) ?? 0) - 1)
      resolve(message.said)
    }
    worker.on('message', hear)
    unanswered.set(worker, (unanswered.get(worker) ?? 0) + 1)
    worker.send({ id, order })
  })
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
}
