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

/** From the bottom of 25 calls, a few at a time: getting there must not be what is measured. */
export async function deepFailing(call: Call, calls: number): Promise<void> {
  const caught = (): void => {}
  const inFlight: Promise<unknown>[] = []
  const descend = (frames: number): void => {
    if (frames > 0) {
      descend(frames - 1)
      return
    }
    for (let i = 0; i < 8; i++) inFlight[i] = (call() as Promise<unknown>).then(undefined, caught)
  }
  for (let done = 0; done < calls; done += 8) {
    descend(25)
    for (let i = 0; i < 8; i++) await inFlight[i]
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
