import { parentPort, workerData } from 'node:worker_threads'
import { runScenario } from './study.ts'

// Takes seeds and gives outcomes, one scenario at a time.
const names = workerData as readonly string[]
const port = parentPort
if (port === null) throw new Error('this file is started by run-study.ts')
port.on('message', async (seed: number) => {
  port.postMessage(await runScenario(seed, names))
})
