import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Build } from './builds.ts'
import type { Outcome } from './study.ts'

export interface Progress {
  readonly done: number
  readonly total: number
}

/** Runs every policy in the scenario of every seed, on all processors. */
export async function runStudy(
  seeds: readonly number[],
  names: readonly string[],
  builds: readonly Build[],
  progress: (progress: Progress) => void,
): Promise<Outcome[]> {
  const waiting = [...seeds]
  const outcomes: Outcome[] = []
  let done = 0
  const threads = Math.min(availableParallelism(), seeds.length)
  await Promise.all(
    Array.from({ length: threads }, () =>
      work({ names, builds }, waiting, (found) => {
        outcomes.push(...found)
        progress({ done: ++done, total: seeds.length })
      }),
    ),
  )
  return outcomes.sort((a, b) => a.seed - b.seed)
}

function work(
  workerData: { readonly names: readonly string[]; readonly builds: readonly Build[] },
  waiting: number[],
  found: (outcomes: Outcome[]) => void,
): Promise<void> {
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), { workerData })
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const seed = waiting.shift()
      if (seed === undefined) worker.terminate().then(() => resolve(), reject)
      else worker.postMessage(seed)
    }
    worker.on('error', reject)
    worker.on('message', (outcomes: Outcome[]) => {
      found(outcomes)
      next()
    })
    next()
  })
}
