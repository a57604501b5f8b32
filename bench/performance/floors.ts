// What a call costs without a library: the units in which everything else is given.

type Action = () => Promise<unknown>
type Fallback = () => unknown
type Items = () => AsyncIterable<unknown>

/** What a floor has to do. */
export interface FloorSetup {
  readonly open: boolean
  readonly fallback: Fallback | undefined
}

/** `await fn()`, or the cheapest rejection there is: an error that was made before. */
export function bare(action: Action, { open, fallback }: FloorSetup): Action {
  if (!open) return action
  if (fallback !== undefined) return async () => fallback()
  const error = new Error('open')
  return () => Promise.reject(error)
}

/** The wrapper that people write by hand. */
export function handAsync(action: Action, { open, fallback }: FloorSetup): Action {
  let failures = 0
  const limit = 1e9
  const isOpen = open
  return async () => {
    if (isOpen || failures > limit) {
      if (fallback !== undefined) return fallback()
      throw new Error('the circuit is open')
    }
    try {
      const result = await action()
      failures = 0
      return result
    } catch (error) {
      failures++
      throw error
    }
  }
}

/** The same, and it knows how long its calls take. */
export function handClock(action: Action, _setup: FloorSetup): Action {
  const now = performance.now.bind(performance)
  let failures = 0
  let slowest = 0
  const limit = 1e9
  return async () => {
    if (failures > limit) throw new Error('the circuit is open')
    const begin = now()
    try {
      const result = await action()
      const took = now() - begin
      if (took > slowest) slowest = took
      failures = 0
      return result
    } catch (error) {
      failures++
      throw error
    }
  }
}

/** The wrapper of `handAsync`, made of two reactions that are there before the call. */
export function handThen(action: Action, { open, fallback }: FloorSetup): Action {
  let failures = 0
  const limit = 1e9
  const isOpen = open
  const fulfilled = (value: unknown): unknown => {
    failures = 0
    return value
  }
  const rejected = (error: unknown): never => {
    failures++
    throw error
  }
  return () => {
    if (isOpen || failures > limit) {
      if (fallback !== undefined) return Promise.resolve(fallback())
      return Promise.reject(new Error('the circuit is open'))
    }
    return action().then(fulfilled, rejected)
  }
}

/** A timer for every call, cleared when the call has ended. */
export function handTimeout(action: Action, _setup: FloorSetup): Action {
  return () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('timeout')), 10_000)
      action().then(
        (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        (error) => {
          clearTimeout(timer)
          reject(error)
        },
      )
    })
}

export function bareSync(action: () => unknown, { open }: FloorSetup): () => unknown {
  if (!open) return action
  const error = new Error('open')
  return () => {
    throw error
  }
}

export function handSync(action: () => unknown, { open }: FloorSetup): () => unknown {
  let failures = 0
  const limit = 1e9
  const isOpen = open
  return () => {
    if (isOpen || failures > limit) throw new Error('the circuit is open')
    try {
      const result = action()
      failures = 0
      return result
    } catch (error) {
      failures++
      throw error
    }
  }
}

export function handStream(items: Items): Items {
  let failures = 0
  const limit = 1e9
  return async function* () {
    if (failures > limit) throw new Error('the circuit is open')
    try {
      for await (const item of items()) yield item
      failures = 0
    } catch (error) {
      failures++
      throw error
    }
  }
}
