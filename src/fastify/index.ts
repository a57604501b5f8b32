/**
 * A plugin for Fastify: 503 or 504 when a call was rejected or took too long, the registry at `app.circuits`,
 * and a route for readiness.
 *
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 * import { circuits } from 'short-circuit/fastify'
 *
 * const registry = new CircuitRegistry()
 * // await app.register(circuits, { registry, health: '/ready', required: ['database'] })
 * console.assert(typeof circuits === 'function' && registry.size === 0)
 *
 * @module
 */
import { checkAdapterOptions } from '../adapter/call-options.ts'
import { type Problem, problemOf, removeBodyHeaders } from '../adapter/problem.ts'
import { checkRequired, isReady, type ReadinessOptions } from '../adapter/readiness.ts'
import type { CircuitRegistry } from '../index.ts'

// biome-ignore lint/suspicious/noExplicitAny: requests of any kind, which are passed on.
type Any = any

interface Reply {
  code(status: number): Reply
  headers(headers: Readonly<Record<string, string>>): Reply
  hasHeader(name: string): boolean
  removeHeader(name: string): Reply
  getHeaders(): Readonly<Record<string, number | string | string[] | undefined>>
  send(body: unknown): Any
  hijack(): unknown
  readonly raw: {
    writeHead(status: number, headers: object): { end(body: string): void }
  }
}

/** What the plugin needs of Fastify 5. */
export interface FastifyApp {
  readonly errorHandler: (error: Any, request: Any, reply: Any) => Any
  setErrorHandler(handler: (error: Any, request: Any, reply: Any) => Any): Any
  decorate(name: string, value: unknown): Any
  addHook(
    name: 'onSend',
    hook: (request: Any, reply: Any, payload: Any, done: () => void) => void,
  ): Any
  get(path: string, handler: (request: Any, reply: Any) => Any): Any
}

/** Options of the plugin. */
export interface FastifyCircuitsOptions extends ReadinessOptions {
  /** What becomes `app.circuits`. */
  readonly registry: CircuitRegistry
  /**
   * The path of a route that answers 200 while the process is ready, and 503 while a breaker named in
   * `required` is open.
   * @defaultValue none
   */
  readonly health?: string | undefined
  /**
   * Handles all other errors, in place of a handler of your own: Fastify warns of two in one scope.
   * @defaultValue the handler that was there before
   */
  readonly otherwise?: ((error: Any, request: Any, reply: Any) => Any) | undefined
}

const TYPES = {
  registry: 'object',
  health: 'string',
  required: 'object',
  otherwise: 'function',
  // Those of Fastify itself.
  prefix: 'string',
  logLevel: 'string',
  logSerializers: 'object',
}

/**
 * The plugin: `app.register(circuits, { registry })`. Errors of breakers, and errors that one has caused, are
 * answered with 503 and `Retry-After`, or 504, as `application/problem+json` that names no breaker. Other errors
 * go to `otherwise`. Error handlers of routes and of nested plugins come first.
 *
 * @throws TypeError for options that are wrong
 */
export async function circuits(app: FastifyApp, options: FastifyCircuitsOptions): Promise<void> {
  checkAdapterOptions('circuits', options, TYPES)
  checkRequired(options)
  const { registry, health, required, otherwise = app.errorHandler } = options
  if (typeof registry?.breaker !== 'function') {
    throw new TypeError(`registry must be a CircuitRegistry, got ${typeof registry}`)
  }
  if (health !== undefined && !health.startsWith('/')) {
    throw new TypeError(`health must be a path that begins with "/", got ${health}`)
  }
  app.decorate('circuits', registry)
  const sending = new WeakSet<Reply>()
  const problems = new WeakMap<Reply, Problem>()
  app.addHook('onSend', (_request, reply: Reply, _payload, done) => {
    const problem = problems.get(reply)
    if (problem !== undefined && sending.has(reply)) return sendDirectly(reply, problem)
    sending.add(reply)
    done()
  })
  app.setErrorHandler(function (this: unknown, error: unknown, request: unknown, reply: Reply) {
    const problem = problemOf(error)
    if (problem === undefined) return otherwise.call(this, error, request, reply)
    removeBodyHeaders(
      (name) => reply.hasHeader(name),
      (name) => reply.removeHeader(name),
    )
    if (sending.has(reply)) return sendDirectly(reply, problem)
    problems.set(reply, problem)
    return reply.code(problem.status).headers(problem.headers).send(JSON.stringify(problem.body))
  })
  if (health === undefined) return
  app.get(health, (_request: unknown, reply: Reply) => {
    const ready = isReady(registry, { required })
    return reply
      .code(ready ? 200 : 503)
      .headers({ 'cache-control': 'no-store' })
      .send({ status: ready ? 'ready' : 'unready' })
  })
}

/**
 * Without the hooks `onSend`: one of them has thrown. It would throw again for this answer, and Fastify would then
 * send the message of its error, which names the breaker.
 */
function sendDirectly(reply: Reply, { status, headers, body }: Problem): void {
  reply.hijack()
  reply.raw.writeHead(status, { ...reply.getHeaders(), ...headers }).end(JSON.stringify(body))
}

// For the whole application, and not only for what is registered within this plugin.
Object.assign(circuits, { [Symbol.for('skip-override')]: true })
