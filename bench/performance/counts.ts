import type { Counts } from './counts-child.ts'
import { runChild, type Stage } from './run.ts'

/** What the calls are made of, by row: without the compilers that leave allocations out. */
export function measureCounts(stage: Stage): Promise<Record<string, Counts>> {
  return runChild(
    stage,
    'counts-child',
    [],
    [
      '--expose-gc',
      '--single-threaded',
      '--max-lazy',
      '--no-opt',
      '--no-maglev',
      '--no-sparkplug',
      '--min-semi-space-size=64',
      '--max-semi-space-size=64',
    ],
  )
}
