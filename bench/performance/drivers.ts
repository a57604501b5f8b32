// What calls the contestants. Each contestant gets a copy of its own, compiled anew: what one of
// them taught the engine about a call site must not be paid by the next.

/** The same function once more, as if it were written twice. It must need nothing from outside. */
export function fresh<F>(fn: F): F {
  return new Function(`return ${String(fn)}`)() as F
}

export type Call = () => unknown

/** How many functions with a breaker each there are in `many`. */
export const MANY = 64

export async function sequential(call: Call, calls: number): Promise<void> {
  for (let i = 0; i < calls; i++) await call()
}

export async function sequentialFailing(call: Call, calls: number): Promise<void> {
  for (let i = 0; i < calls; i++) {
    try {
      await call()
    } catch {}
  }
}

/** Each call from the bottom of 25 others. */
export async function sequentialDeep(call: Call, calls: number): Promise<void> {
  const descend = (frames: number): unknown => (frames === 0 ? call() : descend(frames - 1))
  for (let i = 0; i < calls; i++) {
    try {
      await descend(25)
    } catch {}
  }
}

/** A thousand in flight at once. */
export async function concurrent(call: Call, calls: number): Promise<void> {
  for (let done = 0; done < calls; done += 1_000) {
    const inFlight = []
    for (let i = 0; i < 1_000; i++) inFlight.push(call())
    for (const promise of inFlight) await promise
  }
}

/** The same; everybody handles the rejection at once, as callers do. */
export async function concurrentFailing(call: Call, calls: number): Promise<void> {
  const caught = (): void => {}
  for (let done = 0; done < calls; done += 1_000) {
    const inFlight = []
    for (let i = 0; i < 1_000; i++) {
      inFlight.push((call() as Promise<unknown>).then(undefined, caught))
    }
    for (const promise of inFlight) await promise
  }
}

export function synchronous(call: Call, calls: number): unknown {
  let value: unknown
  for (let i = 0; i < calls; i++) value = call()
  return value
}

export function synchronousFailing(call: Call, calls: number): unknown {
  let value: unknown
  for (let i = 0; i < calls; i++) {
    try {
      value = call()
    } catch (error) {
      value = error
    }
  }
  return value
}

export async function streaming(call: Call, calls: number): Promise<void> {
  for (let i = 0; i < calls; i++) {
    for await (const _ of call() as AsyncIterable<unknown>) {
    }
  }
}

/** Every function of the array in turn. */
export async function manyCalls(calls: readonly Call[], times: number): Promise<void> {
  for (let i = 0; i < times; i++) await (calls[i & 63] as Call)()
}
