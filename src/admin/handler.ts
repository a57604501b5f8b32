import type { Clock } from '../index.ts'
import {
  checkHost,
  checkLoopback,
  checkMethodAndUrl,
  checkSite,
  type Peer,
  peerOf,
} from './access.ts'
import type { Result } from './answers.ts'
import type { Api } from './api.ts'
import { type Caller, viaOf } from './caller.ts'
import type { Log } from './log.ts'
import type { AdminOptions, Identity } from './options.ts'
import { pageResponse, wantsPage } from './page-response.ts'
import { Problem } from './problem.ts'
import { RateLimit } from './rate-limit.ts'
import { type Route, routeOf } from './routes.ts'
import { checkContentType, readBody } from './write-request.ts'

/** Requests that are being answered at the same time, streams aside. */
const MOST_REQUESTS = 100
const AUTHORIZE_TIME = 5_000
/** Characters of an entry of the log about a request that was rejected: a message repeats what was asked for. */
const LONGEST_TEXT = 500

/** Sent with every answer: nothing of it may be kept, framed or guessed at. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** Lets requests in, or not, and turns what the API says into answers. */
export class Handler {
  readonly #options: AdminOptions
  readonly #hosts: readonly string[]
  readonly #clock: Clock
  readonly #log: Log
  readonly #api: Api
  readonly #report: (error: unknown, source: string) => void
  readonly #failedSignIns: RateLimit
  #active = 0
  #closed = false

  constructor(
    options: AdminOptions,
    clock: Clock,
    log: Log,
    api: Api,
    report: (error: unknown, source: string) => void,
  ) {
    this.#options = options
    this.#hosts = (options.hosts ?? []).map((host) => host.toLowerCase())
    this.#clock = clock
    this.#log = log
    this.#api = api
    this.#report = report
    this.#failedSignIns = new RateLimit(clock, 10, 10_000)
  }

  close(): void {
    this.#closed = true
    this.#api.close()
  }

  async handle(request: Request, beside: unknown): Promise<Response> {
    this.#active++
    try {
      return withoutBody(request, await this.#answer(request, peerOf(request, beside)))
    } catch (error) {
      const problem = error instanceof Problem ? error : this.#unexpected(error)
      return withoutBody(request, problemResponse(problem))
    } finally {
      this.#active--
    }
  }

  async #answer(request: Request, peer: Peer | undefined): Promise<Response> {
    let route: Route | undefined
    try {
      if (this.#closed) throw new Problem('ERR_ADMIN_CLOSED', 'The process is closing.')
      if (this.#active > MOST_REQUESTS) {
        throw new Problem('ERR_ADMIN_BUSY', 'Too many requests are being answered.', {
          headers: { 'retry-after': '1' },
        })
      }
      const url = checkMethodAndUrl(request)
      route = routeOf(request.method, url)
      this.#checkOrigin(request, peer, route)
      // It tells nothing about the breakers, and is where people sign in.
      if (route.kind === 'index' && wantsPage(request)) return await pageResponse(request, HEADERS)
      const caller = await this.#identify(request, peer, route)
      if (route.kind !== 'write') return await this.#read(request, route, url, caller)
      if (!caller.write) throw new Problem('ERR_ADMIN_FORBIDDEN', 'You may only read.')
      const body = await readBody(request, this.#clock)
      const written = await this.#api.write(route, url, request.headers, body, caller)
      const isPending = 'applied' in written && !(written as Result).applied?.done
      return json(written, {}, isPending ? 202 : 200)
    } catch (error) {
      if (error instanceof Problem) this.#logRejected(request, route, error)
      throw error
    }
  }

  #checkOrigin(request: Request, peer: Peer | undefined, route: Route): void {
    if (this.#options.authorize === undefined) checkLoopback(request, peer, this.#hosts)
    else checkHost(request, this.#hosts)
    checkSite(request, route.kind === 'index' || route.kind === 'redirect', this.#hosts)
    if (route.kind !== 'write') return
    if (this.#options.readOnly) {
      throw new Problem('ERR_ADMIN_READ_ONLY', 'It was created with `readOnly`.')
    }
    checkContentType(request)
  }

  async #identify(request: Request, peer: Peer | undefined, route: Route): Promise<Caller> {
    const { authorize } = this.#options
    if (authorize === undefined) return { by: null, verified: false, write: true }
    const { method, headers, url } = request
    const access = {
      ...peer,
      write: route.kind === 'write',
      operation: route.kind === 'write' ? route.operation : null,
      breaker: 'name' in route ? route.name : null,
    }
    // Without its body, which is not to be read before it is known who sends it.
    const asked = async () => authorize(new Request(url, { method, headers }), access)
    let identity: Identity | false = false
    try {
      identity = checkIdentity(await this.#within(AUTHORIZE_TIME, asked()))
    } catch (error) {
      this.#report(error, 'authorize')
    }
    if (identity !== false) return { by: identity.by, verified: true, write: identity.write }
    if (!this.#failedSignIns.take()) {
      throw new Problem('ERR_ADMIN_TOO_MANY', 'Too many have failed to sign in.', {
        headers: { 'retry-after': '10' },
      })
    }
    throw new Problem('ERR_ADMIN_UNAUTHENTICATED', 'The request does not say who sends it.', {
      headers: { 'www-authenticate': 'Bearer' },
    })
  }

  async #within<T>(ms: number, promise: Promise<T>): Promise<T> {
    let cancel: () => void = () => {}
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.setTimer(ms, () => reject(new Error(`no answer within ${ms} ms`)))
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      cancel()
    }
  }

  async #read(
    request: Request,
    route: Exclude<Route, { kind: 'write' }>,
    url: URL,
    caller: Caller,
  ): Promise<Response> {
    if (route.kind === 'redirect') {
      return new Response(null, { status: 308, headers: { ...HEADERS, location: route.to } })
    }
    if (route.kind === 'events') return this.#events(request, url)
    const { body, headers } = await this.#api.read(route, url, caller)
    return json(body, headers)
  }

  #events({ headers, method }: Request, url: URL): Response {
    const accept = headers.get('accept')
    if (accept !== null && !/text\/event-stream|text\/\*|\*\/\*/.test(accept)) {
      throw new Problem('ERR_ADMIN_NOT_ACCEPTABLE', 'Only text/event-stream is here.')
    }
    const lastId = headers.get('last-event-id')
    return new Response(method === 'HEAD' ? null : this.#api.events(url, lastId), {
      headers: {
        ...HEADERS,
        'content-type': 'text/event-stream',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      },
    })
  }

  /** Requests that were rejected, whether they would have read or written. */
  #logRejected(
    { method, headers, url }: Request,
    route: Route | undefined,
    problem: Problem,
  ): void {
    const { status, code, message } = problem
    // What the process or its store can't do says nothing about who asks.
    if (status >= 500 && code !== 'ERR_ADMIN_BUSY') return
    const { pathname, searchParams } = new URL(url)
    // It would have changed nothing: the page asks while a patch is typed.
    if (status === 422 && searchParams.get('dry') === '1') return
    const path = pathname.slice(0, 200)
    this.#log.addRejected({
      breaker: route !== undefined && 'name' in route ? route.name.slice(0, 200) : '',
      text: `${method.slice(0, 20)} ${path}: ${message}`.slice(0, LONGEST_TEXT),
      reason: code,
      status,
      via: viaOf(headers),
    })
  }

  #unexpected(error: unknown): Problem {
    const id = crypto.randomUUID()
    this.#report(error, `request ${id}`)
    return new Problem('ERR_ADMIN_INTERNAL', `The error ${id} was reported to the process.`)
  }
}

function checkIdentity(identity: Identity | false): Identity | false {
  if (identity === false) return false
  const { by, write } = identity ?? {}
  if (typeof by === 'string' && by !== '' && typeof write === 'boolean') return identity
  throw new TypeError('authorize must return { by, write } or false')
}

function json(
  body: object,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Response {
  const type = { 'content-type': 'application/json' }
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...HEADERS, ...type, ...headers },
  })
}

function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...HEADERS, 'content-type': 'application/problem+json', ...problem.headers },
  })
}

function withoutBody({ method }: Request, response: Response): Response {
  if (method !== 'HEAD') return response
  const { status, headers } = response
  return new Response(null, { status, headers })
}
