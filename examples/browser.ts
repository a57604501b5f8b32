// In a browser: what was last loaded is shown while the server is down, and the server is left alone.
import type { CircuitBreaker } from 'short-circuit'
import { guardFetch } from 'short-circuit/fetch'

export interface Loaded {
  readonly text: string
  readonly stale: boolean
}

export function createLoader(breaker: CircuitBreaker): (url: string) => Promise<Loaded> {
  const guarded = guardFetch(breaker)
  return async (url) => {
    try {
      const response = await guarded(url)
      if (!response.ok) throw new Error(`${url}: ${response.status}`)
      const text = await response.text()
      localStorage.setItem(url, text)
      return { text, stale: false }
    } catch (error) {
      const text = localStorage.getItem(url)
      if (text === null) throw error
      return { text, stale: true }
    }
  }
}
