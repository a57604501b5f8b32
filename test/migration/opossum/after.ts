import { CallTimeoutError, CircuitBreaker, CircuitFullError, CircuitOpenError } from 'short-circuit'

export interface Price {
  sku: string
  amount: number
  stale?: boolean
}

export interface Prices {
  answer(sku: string, currency: string): Promise<{ status: number; price?: Price }>
  isReady(): boolean
  metrics(): { calls: number; failed: number; rejected: number }
  suspend(): void
  resume(): void
}

class UnknownSku extends Error {}

async function load(signal: AbortSignal, sku: string, currency: string): Promise<Price> {
  const response = await fetch(`http://prices.internal/${sku}?currency=${currency}`, { signal })
  if (response.status === 404) throw new UnknownSku(sku)
  if (!response.ok) throw new Error(`prices answered ${response.status}`)
  return response.json() as Promise<Price>
}

export function createPrices(log: (line: string) => void): Prices {
  const known = new Map<string, Price>()
  const breaker = new CircuitBreaker({
    name: 'prices',
    callTimeout: 2_000,
    resetTimeout: 10_000,
    trip: { failureRate: { threshold: 0.5, minimumCalls: 5, window: { duration: 10_000 } } },
    maxConcurrent: 20,
    classify: (settled) =>
      settled.status === 'rejected' && settled.reason instanceof UnknownSku ? 'success' : undefined,
    fallback: (error: unknown, sku: string) => {
      const price = known.get(sku)
      if (price === undefined) throw error
      return { ...price, stale: true }
    },
  })
  breaker.on('transition', ({ to }) => log(to))
  breaker.on('timeout', () => log('timeout'))
  const guarded = breaker.withSignal(load)

  return {
    async answer(sku, currency) {
      try {
        const price = await guarded(sku, currency)
        if (!price.stale) known.set(sku, price)
        return { status: 200, price }
      } catch (error) {
        if (error instanceof UnknownSku) return { status: 404 }
        if (error instanceof CircuitOpenError || error instanceof CircuitFullError) {
          return { status: 503 }
        }
        return { status: error instanceof CallTimeoutError ? 504 : 502 }
      }
    },
    isReady: () => breaker.state !== 'open',
    metrics() {
      const { admitted, failure, rejected } = breaker.snapshot().counts
      return { calls: admitted, failed: failure, rejected: rejected.open + rejected['half-open'] }
    },
    suspend: () => breaker.trip(),
    resume: () => breaker.reset(),
  }
}
