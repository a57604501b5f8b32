import { CircuitRegistry, isShortCircuitError } from 'short-circuit'
import { guardFetch } from 'short-circuit/fetch'

export const dynamic = 'force-dynamic'

const circuits = new CircuitRegistry({ defaults: { maxFailures: 3, resetTimeout: 600_000 } })
const guarded = guardFetch(circuits)

async function load() {
  try {
    const response = await guarded(`${process.env.USERS}/page`)
    return response.ok ? await response.text() : `status ${response.status}`
  } catch (error) {
    if (isShortCircuitError(error)) return error.code
    throw error
  }
}

export default async function Page() {
  return <p id="user">{await load()}</p>
}
