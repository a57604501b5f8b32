import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createMember, type Order } from './member.ts'

const { port, listens } = workerData as { port?: MessagePort; listens: boolean }
const obey = createMember((port ?? parentPort) as MessagePort)

// Without it, nothing keeps the thread.
if (listens) {
  parentPort?.on('message', async ({ id, order }: { id: number; order?: Order }) => {
    if (order !== undefined) parentPort?.postMessage({ id, said: await obey(order) })
  })
} else {
  await obey('succeed')
  await obey('ready')
  parentPort?.postMessage({ id: 0, said: await obey('state') })
}
