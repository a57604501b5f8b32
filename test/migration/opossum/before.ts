import CircuitBreaker from 'opossum'

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
  close(): void
}

class UnknownSku extends Error {}

async function load(sku: string, currency: string): Promise<Price> {
  const response = await fetch(`http://prices.internal/${sku}?currency=${currency}`)
  if (response.status === 404) throw new UnknownSku(sku)
  if (!response.ok) throw new Error(`prices answered ${response.status}`)
  return response.json() as Promise<Price>
}

export function createPrices(log: (line: string) => void): Prices {
  const known = new Map<string, Price>()
  const breaker = new CircuitBreaker(load, {
    name: 'prices',
    timeout: 2_000,
    resetTimeout: 10_000,
    errorThresholdPercentage: 50,
    volumeThreshold: 5,
    capacity: 20,
    errorFilter: (error) => error instanceof UnknownSku,
  })
  breaker.fallback((sku: string, _currency: string, error: Error) => {
    const price = known.get(sku)
    if (price === undefined) throw error
    return { ...price, stale: true }
  })
  breaker.on('open', () => log('open'))
  breaker.on('halfOpen', () => log('half-open'))
  breaker.on('close', () => log('closed'))
  breaker.on('timeout', () => log('timeout'))

  return {
    async answer(sku, currency) {
      try {
        const price = await breaker.fire(sku, currency)
        if (!price.stale) known.set(sku, price)
        return { status: 200, price }
      } catch (error) {
        if (error instanceof UnknownSku) return { status: 404 }
        const { code } = error as { code?: string }
        if (code === 'EOPENBREAKER' || code === 'ESEMLOCKED') return { status: 503 }
        return { status: code === 'ETIMEDOUT' ? 504 : 502 }
      }
    },
    isReady: () => !breaker.opened,
    metrics() {
      const { fires, failures, rejects } = breaker.stats
      return { calls: fires - rejects, failed: failures, rejected: rejects }
    },
    suspend: () => breaker.open(),
    resume: () => breaker.close(),
    close: () => breaker.shutdown(),
  }
}
