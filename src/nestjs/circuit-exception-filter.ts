import { Catch, Inject } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { problemOf, removeBodyHeaders } from '../adapter/problem.ts'

// biome-ignore lint/suspicious/noExplicitAny: responses of any platform, which its adapter knows.
type Any = any

/** What the filter needs of an adapter of Nest: that of Express, Fastify or another platform. */
interface HttpAdapter {
  isHeadersSent(response: Any): boolean
  setHeader(response: Any, name: string, value: string): unknown
  reply(response: Any, body: string, status: number): unknown
  end(response: Any): unknown
}

/** Nest asks by `instanceof` which filter takes an error: what no breaker has to do with goes to the others. */
const OwnErrors = { [Symbol.hasInstance]: (error: unknown) => problemOf(error) !== undefined }

/**
 * Answers 503 with `Retry-After` for a call that was rejected, and 504 for one that took too long, as
 * `application/problem+json` that names no breaker; also for errors that one has caused. `CircuitModule` puts it in
 * force for the whole application. A filter of your own that catches everything comes first if its module is
 * imported later.
 *
 * Without the module: `app.useGlobalFilters(new CircuitExceptionFilter(app.get(HttpAdapterHost)))`, or
 * `@UseFilters(CircuitExceptionFilter)` at a controller.
 */
export class CircuitExceptionFilter {
  readonly #host: { readonly httpAdapter: HttpAdapter }

  constructor(host: { readonly httpAdapter: HttpAdapter }) {
    this.#host = host
  }

  catch(error: unknown, host: { getType(): string; getArgByIndex(index: number): Any }): void {
    const problem = problemOf(error)
    // What returns nothing has not answered: GraphQL and microservices go on to their own handler.
    if (problem === undefined || host.getType() !== 'http') return
    const { httpAdapter } = this.#host
    const response = host.getArgByIndex(1)
    // The adapter of Nest 11 for Fastify does not notice what a handler has written to `raw`.
    if (response.raw?.headersSent || httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response)
      return
    }
    removeBodyHeaders(
      (name) => response.hasHeader(name),
      (name) => response.removeHeader(name),
    )
    for (const [name, value] of Object.entries(problem.headers)) {
      httpAdapter.setHeader(response, name, value)
    }
    const text = JSON.stringify(problem.body)
    httpAdapter.setHeader(response, 'content-length', String(text.length))
    httpAdapter.reply(response, text, problem.status)
  }
}
Catch(OwnErrors as never)(CircuitExceptionFilter)
Inject(HttpAdapterHost)(CircuitExceptionFilter, undefined, 0)
