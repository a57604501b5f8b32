import axios, {
  type AxiosAdapter,
  type AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type CancelToken,
  type InternalAxiosRequestConfig,
} from 'axios'
import { type By, breakersBy, guardOnce } from '../adapter/breakers-by.ts'
import { callOptionsOf, checkAdapterOptions } from '../adapter/call-options.ts'
import { watchBody } from '../adapter/request-body.ts'
import type { Outcome, Settled } from '../index.ts'
import { type Classifier, firstOf, read } from '../outcomes/classifier.ts'
import { http } from '../outcomes/http.ts'
import { retryAfterOf } from '../outcomes/http-retry-after.ts'

/**
 * What {@link guardAxios} needs of an axios instance. It is no more, because to the compiler the types of axios for
 * `require` are others than those for `import`.
 */
export interface GuardableAxios {
  readonly defaults: { adapter?: unknown }
  getUri(config?: never): string
}

/** What {@link guardAxios} takes. */
export interface GuardAxiosOptions {
  /**
   * What has a breaker of its own, when the second argument is a registry. `undefined` for a request that
   * is not to be guarded.
   * @defaultValue the origin: scheme, host and port
   */
  readonly key?: ((config: InternalAxiosRequestConfig, url: URL) => string | undefined) | undefined
  /**
   * What the names of breakers begin with, when the second argument is a registry.
   * @defaultValue `'axios'`
   */
  readonly name?: string | undefined
  /** Says what the end of a request means; where it returns `undefined`, the breaker and `http` do. */
  readonly classify?: Classifier | undefined
}

/**
 * Sends the requests of an axios instance through a breaker: a `CircuitBreaker`, or by a
 * `CircuitRegistry` one for each origin. A request with an `adapter` of its own is not guarded.
 * Returns the instance.
 *
 * It takes the place of the adapter, below the interceptors and `validateStatus`: what they throw is no
 * failure of the target, and what they let pass may be one. A request ends on the wire when `callTimeout`
 * is over. A rejected request throws the `CircuitOpenError` itself. Retries of axios-retry and the like are
 * calls of their own, which are not tried again once they are rejected.
 *
 * @throws TypeError for arguments or options that are wrong, and for an instance that is guarded by the same
 * breaker or registry already
 * @example
 * import axios from 'axios'
 * import { CircuitRegistry, isCircuitOpenError } from 'short-circuit'
 * import { guardAxios } from 'short-circuit/axios'
 *
 * const circuits = new CircuitRegistry({ defaults: { maxFailures: 1 } })
 * const client = guardAxios(axios.create(), circuits)
 * await client.get('http://127.0.0.1:1/').catch(() => {})
 * const error = await client.get('http://127.0.0.1:1/').catch((error) => error)
 * console.assert(isCircuitOpenError(error) && circuits.has('axios:http://127.0.0.1:1'))
 */
export function guardAxios<A extends GuardableAxios>(
  instance: A,
  by: By,
  options: GuardAxiosOptions = {},
): A {
  if (typeof read(instance, 'getUri') !== 'function') {
    throw new TypeError(`guardAxios takes an axios instance first, got ${typeof instance}`)
  }
  checkAdapterOptions('guardAxios', options, {
    key: 'function',
    name: 'string',
    classify: 'function',
  })
  const { key = (_, { origin }) => origin, name = 'axios', classify } = options
  const below = instance.defaults.adapter as AxiosInstance['defaults']['adapter']
  const breakerOf = breakersBy('guardAxios', by, name, ({ config, url }: Target) =>
    key(config, url),
  )
  /** Errors of requests whose own bodies have failed. */
  const invalid = new WeakSet<object>()
  const ofRequests: Classifier = ({ status, ...settled }) =>
    status === 'rejected' && invalid.has((settled as { reason: object }).reason)
      ? 'cancelled'
      : undefined
  const callOptions = callOptionsOf(classify, firstOf(ofRequests, ofBodies, http), retryAfterOf)

  const guarded: AxiosAdapter = async (config) => {
    const adapter: AxiosAdapter = axios.getAdapter(below, config)
    const url = urlOf(instance, config)
    const breaker = url && breakerOf({ config, url })
    if (breaker === undefined) return adapter(config)
    const { signal, cancelToken } = config
    const call = { ...callOptions(breaker), ...(signal && { signal: signal as AbortSignal }) }
    if (cancelToken !== undefined) call.classify = firstOf(cancelledBy(cancelToken), call.classify)
    return breaker.run(async (own) => {
      const { body: data, hasFailed } = watchBody(config.data)
      try {
        return await sendWith(adapter, config, { data, signal: own })
      } catch (error) {
        if (hasFailed()) invalid.add(error as object)
        throw error
      }
    }, call)
  }
  guardOnce('guardAxios', below, guarded, by, name)
  instance.defaults.adapter = guarded
  return instance
}

/**
 * Responses and errors have the caller's own config: axios-retry sends it again, and must not send the signal
 * of a call that has ended.
 */
async function sendWith(
  adapter: AxiosAdapter,
  config: InternalAxiosRequestConfig,
  own: { readonly data: unknown; readonly signal: AbortSignal },
): Promise<AxiosResponse> {
  const withSignal = { ...config, ...own }
  const restoreIn = (holder: unknown): void => {
    if (read(holder, 'config') === withSignal) (holder as { config: typeof config }).config = config
  }
  try {
    const response = await adapter(withSignal)
    restoreIn(response)
    return response
  } catch (error) {
    restoreIn(error)
    restoreIn(read(error, 'response'))
    throw error
  }
}

interface Target {
  readonly config: InternalAxiosRequestConfig
  readonly url: URL
}

/** Where the request goes; `undefined` unless by HTTP. */
function urlOf(instance: GuardableAxios, config: InternalAxiosRequestConfig): URL | undefined {
  try {
    const base = (globalThis as { location?: { href: string } }).location?.href
    const url = new URL(instance.getUri(config as never), base)
    return /^https?:$/.test(url.protocol) ? url : undefined
  } catch {
    return undefined
  }
}

/** Bodies end by errors of axios itself, which have the status of the answer, or nothing, and no code of a connection. */
function ofBodies(settled: Settled): Outcome | undefined {
  if (settled.status === 'fulfilled') return undefined
  const { code, message, response } = (settled.reason ?? {}) as Partial<AxiosError>
  // Of axios, and of what decompresses: Z_DATA_ERROR, ZSTD_error_…, ERR__ERROR_FORMAT_… of Brotli.
  if (!/^(ERR_BAD_RESPONSE$|ERR__|Z)/.test(code ?? '')) return undefined
  // Before 1.8, axios said so of every body that was cut off, whatever the limit, which is -1 for none.
  if (message?.startsWith('maxContentLength')) return / -1 /.test(message) ? 'failure' : 'success'
  // An answer that `validateStatus` does not want, such as 304, is one all the same.
  if (!response || response.status >= 400 || message?.startsWith('Request failed')) return undefined
  return 'failure'
}

/** No signal shows what a `CancelToken` has cancelled, its own error does. */
function cancelledBy(token: CancelToken): Classifier {
  return (settled) =>
    settled.status === 'rejected' && token.reason !== undefined && settled.reason === token.reason
      ? 'cancelled'
      : undefined
}
