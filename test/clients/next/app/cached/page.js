import { CircuitBreaker } from 'short-circuit'
import { guardFetch } from 'short-circuit/fetch'

export const dynamic = 'force-dynamic'

const breaker = new CircuitBreaker({ name: 'cached', maxFailures: 3 })
const guarded = guardFetch(breaker)

export default async function Page() {
  // Next.js answers by its cache: it has replaced the global `fetch` after this was evaluated, or before.
  const response = await guarded(`${process.env.USERS}/cached`, { next: { revalidate: 3_600 } })
  const text = await response.text()
  return <p>{`${text} ${breaker.snapshot().counts.success}`}</p>
}
