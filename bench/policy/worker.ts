import { parentPort, workerData } from 'node:worker_threads'
import { addBuilds, type Build } from './builds.ts'
import { runScenario } from './study.ts'

// Takes seeds and gives outcomes, one scenario at a time.
const { names, builds } = workerData as { names: readonly string[]; builds: readonly Build[] }
const port = parentPort
if (port === null) throw new Error('this file is started by run-study.ts')
await addBuilds(builds)
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
