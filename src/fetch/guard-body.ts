import type { GuardStream } from '../index.ts'
import { read } from '../outcomes/classifier.ts'

/**
 * The response with a body whose end is that of the call. Where its body cannot be replaced, or there is
 * none, it is the response itself.
 */
export function guardBody<R>(response: R, guard: GuardStream): R {
  const body = read(response, 'body')
  // What is no stream of the web is one of Node, as node-fetch has: its own events tell how it ends.
  if (!(body instanceof ReadableStream)) {
    if (isIterable(body)) guard(body)
    return response
  }
  if (body.locked) return response
  const original = response as Response
  const guarded = guard(body)
  responses.set(guarded, original)
  try {
    const Class = Object.getPrototypeOf(original).constructor as typeof Response
    return like(original, new Class(guarded, original)) as R
  } catch {
    // A class whose constructor takes something else. What is not read has succeeded.
    return response
  }
}

/** For as long as its body may be read: Node cancels that of a response that nothing refers to. */
const responses = /* @__PURE__ */ new WeakMap<ReadableStream, Response>()

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** With what no constructor takes, also in what is cloned. */
function like(original: Response, copy: Response): Response {
  const { url, redirected, type } = original
  const clone = copy.clone.bind(copy)
  const own = { url, redirected, type, clone: () => like(original, clone()) }
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(copy, name, { value, configurable: true, writable: true })
  }
  return copy
}
