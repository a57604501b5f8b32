import { signal } from '@preact/signals'

const STORED = 'short-circuit-token'

/** Kept in memory, and in this tab if that was asked for. */
const token = signal(sessionStorage.getItem(STORED) ?? '')

export function signIn(text: string, remember: boolean): void {
  token.value = text
  if (remember) sessionStorage.setItem(STORED, text)
  else sessionStorage.removeItem(STORED)
}

interface ProblemBody {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly hint?: string
  readonly nearest?: readonly string[]
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[]
  readonly changed?: {
    readonly by: string | null
    readonly at: number | null
    readonly text: string | null
    readonly version: string
  }
}

/** An answer that is not what was asked for. */
export class ApiError extends Error {
  readonly status: number
  readonly body: ProblemBody

  constructor(status: number, body: ProblemBody) {
    super(body.detail ?? body.title ?? `The answer was ${status}.`)
    this.status = status
    this.body = body
  }
}

/** The page is where the handler is mounted. */
const root = new URL('api/v1/', new URL('.', location.href))

/** The path of a breaker. Names that a path can't carry go into the query. */
export function breakerPath(name: string, rest = '', query: Record<string, string> = {}): string {
  const inPath = !/[/\\%]/.test(name) && !['.', '..', '-'].includes(name)
  const parameters = new URLSearchParams(inPath ? query : { ...query, name })
  const segment = inPath ? encodeURIComponent(name) : '-'
  const search = parameters.size === 0 ? '' : `?${parameters}`
  return `breakers/${segment}${rest}${search}`
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('short-circuit-client', 'page')
  if (token.value !== '') headers.set('authorization', `Bearer ${token.value}`)
  const answer = await fetch(new URL(path, root), { ...init, headers, cache: 'no-store' })
  if (answer.ok) return answer
  const body: ProblemBody = await answer.json().catch(() => ({}))
  throw new ApiError(answer.status, body)
}

/** So long one answer may take, ms. */
const PATIENCE = 8_000

export async function get<T>(path: string): Promise<T> {
  const answer = await request(path, { signal: AbortSignal.timeout(PATIENCE) })
  return answer.json()
}

/** `version` is that of the row that was seen. */
export async function post<T>(path: string, body: object, version: string): Promise<T> {
  const answer = await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'if-match': `"${version}"` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  })
  return answer.json()
}
