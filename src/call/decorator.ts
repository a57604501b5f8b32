import { Callable } from '../circuit/callable.ts'
import { show } from '../options/validate.ts'
import { type AnyFunction, isClass } from './functions.ts'

type Wrap = (fn: AnyFunction) => AnyFunction

/** What a decorator, or a plain call of it, was applied to. */
type Arguments = readonly [value: unknown, context?: unknown, descriptor?: unknown]

/**
 * Tells a plain call from a standard decorator and from a legacy one, at run time, and wraps what
 * it was applied to. `what` names the caller in errors.
 */
export function wrapOrDecorate(what: string, wrap: Wrap, args: Arguments): unknown {
  const [value, context, descriptor] = args
  if (args.length <= 1) return wrap(expectFunction(what, value))
  if (isStandardContext(context)) return decorateStandard(what, wrap, value, context)
  if (typeof context === 'string' || typeof context === 'symbol') {
    return decorateLegacy(what, wrap, value as object, context, descriptor)
  }
  throw new TypeError(`${what} takes one function, got ${args.length} arguments`)
}

export function expectFunction(what: string, value: unknown): AnyFunction {
  if (typeof value !== 'function') {
    throw new TypeError(`${what} needs a function, got ${show(value)}`)
  }
  if (isClass(value)) throw notAMethod(what, 'a class')
  if (value instanceof Callable) throw notAMethod(what, 'a breaker')
  return value as AnyFunction
}

function notAMethod(what: string, got: string): TypeError {
  return new TypeError(
    `${what} guards functions, methods, and fields or accessors that hold a function, got ${got}`,
  )
}

interface StandardContext {
  readonly kind: string
  readonly name: string | symbol
}

export function isStandardContext(context: unknown): context is StandardContext {
  return (
    typeof context === 'object' &&
    context !== null &&
    typeof (context as Partial<StandardContext>).kind === 'string'
  )
}

function decorateStandard(what: string, wrap: Wrap, value: unknown, context: StandardContext) {
  const place = `${context.kind} ${show(String(context.name))}`
  const guarded = (held: unknown): AnyFunction => {
    if (typeof held !== 'function') throw notAMethod(what, `${place} holding ${show(held)}`)
    return wrap(held as AnyFunction)
  }
  switch (context.kind) {
    case 'method':
      return guarded(value)
    case 'field':
      return (initial: unknown) => guarded(initial)
    case 'accessor': {
      const { set } = value as { set: (this: unknown, held: unknown) => void }
      const ours = new WeakSet<AnyFunction>()
      const once = (held: unknown): AnyFunction => {
        if (ours.has(held as AnyFunction)) return held as AnyFunction
        const wrapped = guarded(held)
        ours.add(wrapped)
        return wrapped
      }
      return {
        init: once,
        set(this: unknown, held: unknown) {
          set.call(this, once(held))
        },
      }
    }
    default:
      throw notAMethod(what, `${context.kind === 'class' ? 'a' : 'the'} ${place}`)
  }
}

function decorateLegacy(
  what: string,
  wrap: Wrap,
  target: object,
  key: string | symbol,
  descriptor: unknown,
): PropertyDescriptor {
  const { value } = (descriptor ?? {}) as PropertyDescriptor
  if (typeof value !== 'function') {
    const owner = typeof target === 'function' ? target.name : target.constructor?.name
    throw notAMethod(what, `${owner}.${String(key)}, which is no method`)
  }
  return { ...(descriptor as PropertyDescriptor), value: wrap(value as AnyFunction) }
}
