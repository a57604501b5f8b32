import { collect, heapInUse } from './heap.ts'
import { kept, lives } from './lives.ts'

// Prints, for every kind of life, how many of the dropped breakers are still there and how much
// memory each has left behind.

const BREAKERS = 10_000

type Life = (n: number) => WeakKey | Promise<WeakKey>

async function drop(life: Life, breakers: number): Promise<WeakRef<WeakKey>[]> {
  const all = Array.from({ length: breakers }, (_, n) => life(n))
  return (await Promise.all(all)).map((breaker) => new WeakRef(breaker))
}

async function leftBy(life: Life): Promise<{ alive: number; bytesEach: number }> {
  // Code that runs for the first time takes memory of its own.
  await drop(life, 500)
  const before = await heapInUse()
  let refs = await drop(life, BREAKERS)
  await collect()
  const alive = refs.filter((ref) => ref.deref() !== undefined).length
  refs = []
  return { alive, bytesEach: ((await heapInUse()) - before) / BREAKERS }
}

const results: Record<string, unknown> = { kept: await leftBy(kept) }
for (const [name, life] of Object.entries(lives)) results[name] = await leftBy(life)
process.stdout.write(JSON.stringify(results))
