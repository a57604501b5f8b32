import { createHook } from 'node:async_hooks'
import { sequential } from './drivers.ts'
import { bare } from './floors.ts'
import { listings } from './listings.ts'
import { type Action, CLOSED, type Listing } from './subject.ts'

// What one subject takes: `memory-child.ts <subject> <idle ms>`, with --expose-gc and a young
// generation so large that nothing is collected while allocations are counted.

/** What a subject takes, in bytes, timers and shares. */
export interface Memory {
  /** Allocated by a call, beyond what the bare call allocates. */
  readonly perCall: number
  /** Retained by a breaker that guards nothing yet, where there is such a thing. */
  readonly alone: number | null
  /** Retained by a breaker with a guarded function that was never called. */
  readonly fresh: number
  /** The same after a hundred calls. */
  readonly used: number
  readonly timers: number
  /** The share of one core that ten thousand breakers take without calls. */
  readonly idle: number
}

/** So many that what the engine keeps of the code once is not taken for theirs. */
const BREAKERS = 10_000
const CALLS = 10_000

const [name = '', idleFor = '1000'] = process.argv.slice(2)
const collect = (): void => {
  for (let i = 0; i < 3; i++) (gc as () => void)()
}
const action = async (): Promise<unknown> => 1

function retained(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function allocated(call: Action): Promise<number> {
  const samples: number[] = []
  for (let i = 0; i < 4; i++) {
    await sequential(call, CALLS)
    collect()
    const before = process.memoryUsage().heapUsed
    await sequential(call, CALLS)
    samples.push((process.memoryUsage().heapUsed - before) / CALLS)
  }
  return Math.min(...samples)
}

const subject = await (listings[name] as Listing).load()
const another = (): Action => subject.another?.(action) ?? subject.guard(action, CLOSED)
// What is made once, for all breakers, is not theirs.
for (let i = 0; i < 10; i++) await sequential(another(), 3)

const without = await allocated(bare(action, { open: false, fallback: undefined }))
const perCall = (await allocated(subject.guard(action, CLOSED))) - without

function retainedAlone(): number {
  const breakers: unknown[] = new Array(BREAKERS).fill(undefined)
  const before = retained()
  for (let i = 0; i < BREAKERS; i++) breakers[i] = subject.breaker?.()
  const bytes = (retained() - before) / BREAKERS
  // Alive until here.
  if (breakers.length !== BREAKERS) throw new Error('breakers were lost')
  return bytes
}

// The code that makes them is compiled by then.
for (let i = 0; i < BREAKERS; i++) subject.breaker?.()
const alone = subject.breaker === undefined ? null : retainedAlone()

let timers = 0
const hook = createHook({
  init(_id, type) {
    if (type === 'Timeout') timers++
  },
})
const all: Action[] = new Array(BREAKERS).fill(action)
const before = retained()
hook.enable()
for (let i = 0; i < BREAKERS; i++) all[i] = another()
hook.disable()
const fresh = (retained() - before) / BREAKERS
for (let i = 0; i < BREAKERS; i++) await sequential(all[i] as Action, 100)
const used = (retained() - before) / BREAKERS

collect()
await new Promise((resolve) => setTimeout(resolve, 100))
const begin = process.cpuUsage()
await new Promise((resolve) => setTimeout(resolve, Number(idleFor)))
const { user, system } = process.cpuUsage(begin)
const idle = (user + system) / 1_000 / Number(idleFor)

const memory: Memory = { perCall, alone, fresh, used, timers: timers / BREAKERS, idle }
process.stdout.write(JSON.stringify(memory))
process.exit(all.length === BREAKERS ? 0 : 1)
