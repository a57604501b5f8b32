// app/users/[id]/route.ts of Next.js: a handler of requests as the web has them.
import { CircuitRegistry } from 'short-circuit'
import { guardFetch } from 'short-circuit/fetch'
// It imports nothing of Hono, and returns a Response.
import { circuitErrors } from 'short-circuit/hono'

// In development every change evaluates this file anew; the breakers live on.
const store = globalThis as typeof globalThis & { circuits?: CircuitRegistry }
store.circuits ??= new CircuitRegistry({
  defaults: { maxFailures: 3, resetTimeout: 3_000, callTimeout: 2_000 },
})
const fetchUsers = guardFetch(store.circuits)

const answer = circuitErrors<Request>((error) => {
  throw error
})

export async function GET(
  request: Request,
  { params }: { params: Promise<{ id: string }> },
): Promise<Response> {
  const { id } = await params
  try {
    const { signal } = request
    const response = await fetchUsers(`${process.env['USERS']}/users/${id}`, { signal })
    if (response.status >= 500) return new Response('Bad Gateway', { status: 502 })
    return Response.json(await response.json(), { status: response.status })
  } catch (error) {
    return answer(error as Error, request)
  }
}
