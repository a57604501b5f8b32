/**
 * One circuit's life with the published package, using nothing but what every runtime has.
 * Resolves to the name of the runtime; throws when something is not as it should be.
 */
export async function smoke({ CircuitBreaker, CircuitOpenError }, { ManualClock }) {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 1_000, clock })
  let works = true
  const double = breaker(async (number) => {
    if (!works) throw new Error('down')
    return number * 2
  })

  equal(await double(21), 42, 'the result of a guarded call')
  equal(breaker.state, 'closed', 'the state at first')

  works = false
  equal((await rejection(double(1))).message, 'down', 'the first failure')
  equal((await rejection(double(1))).message, 'down', 'the second failure')
  equal(breaker.state, 'open', 'the state after two failures')

  const rejected = await rejection(double(1))
  equal(rejected instanceof CircuitOpenError, true, 'instanceof CircuitOpenError')
  equal(rejected.code, 'ERR_CIRCUIT_OPEN', 'the code of the rejection')

  works = true
  await clock.advance(1_000)
  equal(breaker.state, 'half-open', 'the state after the reset timeout')
  equal(await double(2), 4, 'the result of the probe')
  equal(breaker.state, 'closed', 'the state after a successful probe')

  // A timeout, on the platform's own timers.
  const impatient = new CircuitBreaker({ maxFailures: 1, callTimeout: 5 })
  const late = await rejection(impatient.run(() => new Promise(() => {})))
  equal(late.code, 'ERR_CALL_TIMEOUT', 'the code of a call that takes too long')

  return runtime()
}

function runtime() {
  if (globalThis.Bun) return `Bun ${globalThis.Bun.version}`
  if (globalThis.Deno) return `Deno ${globalThis.Deno.version.deno}`
  if (globalThis.navigator?.userAgent === 'Cloudflare-Workers') return 'workerd'
  if (globalThis.document) return 'browser'
  return `Node ${globalThis.process.versions.node}`
}

async function rejection(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('expected a rejection, got a result')
}

function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`)
}
