import { parentPort, workerData } from 'node:worker_threads'
import { runScenario } from './study.ts'

// Takes seeds and gives outcomes, one scenario at a time.
const names = workerData as readonly string[]
const port = parentPort
if (port === null) throw new Error('this file is started by run-study.ts')
port.on('message', (seed: number) => {
  runScenario(seed, names).then(
    (outcomes) => port.postMessage(outcomes),
    (error: unknown) => {
      // Ends the thread, and with it the study.
      queueMicrotask(() => {
        throw error
      })
    },
  )
})
