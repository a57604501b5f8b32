import { rejectCall } from '../call/call.ts'
import { timeLimit } from '../call/timeout-queue.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { CallTimeoutError } from '../errors.ts'
import { ClientCall } from './client-call.ts'
import { isObject } from './client-shape.ts'

/** What observables of all kinds have. */
interface Observable {
  subscribe(...args: unknown[]): unknown
}

interface Observer {
  next(value: unknown): void
  error(reason: unknown): void
  complete(): void
}

/**
 * An observable of which each subscription is a call: an error is a failure, completion a success,
 * and so is leaving it after an item. Its operators see the guarded one.
 */
export function guardObservable(
  observable: Observable,
  circuit: Circuit,
  admit: () => ClientCall | RejectReason,
): Observable {
  const subscribe = (...args: unknown[]): unknown => {
    const call = admit()
    const observer = observerOf(args)
    return call instanceof ClientCall
      ? follow(observable, circuit, call, observer, args[0])
      : reject(circuit, call, observer)
  }
  return new Proxy(observable, {
    get: (target, key) => (key === 'subscribe' ? subscribe : Reflect.get(target, key, target)),
  })
}

function follow(
  observable: Observable,
  circuit: Circuit,
  call: ClientCall,
  observer: Observer,
  subscriber: unknown,
): unknown {
  const { settlement, timeout } = call
  let isOver = false
  let subscription: unknown
  const unsubscribe = () => (subscription as Partial<Subscription> | undefined)?.unsubscribe?.()
  const stopTimer =
    timeout === undefined
      ? undefined
      : timeLimit(circuit.clock, timeout, () => {
          const reason = new CallTimeoutError(circuit.name, timeout)
          isOver = true
          settlement.onRejected(reason, true)
          unsubscribe()
          observer.error(reason)
        })
  const leave = (): void => {
    stopTimer?.()
    settlement.leave()
  }
  const guarded: Observer = {
    next: (value: unknown) => {
      if (isOver) return
      stopTimer?.()
      settlement.deliver()
      observer.next(value)
    },
    error: (reason: unknown) => {
      stopTimer?.()
      if (isOver) return
      call.handlers.onRejected(reason)
      observer.error(reason)
    },
    complete: () => {
      stopTimer?.()
      if (isOver) return
      settlement.onFulfilled(undefined)
      observer.complete()
    },
  }
  try {
    subscription = observable.subscribe(guarded)
  } catch (reason) {
    stopTimer?.()
    call.handlers.onRejected(reason)
    throw reason
  }
  // What an operator subscribes with ends without the subscription that is returned.
  const { add } = (isObject(subscriber) ? subscriber : {}) as Partial<Subscription>
  if (typeof add === 'function') {
    add.call(subscriber, () => {
      leave()
      unsubscribe()
    })
  }
  return leavable(subscription, leave)
}

interface Subscription {
  add(teardown: () => void): void
  unsubscribe(): void
}

/** The subscription, which tells when the subscriber leaves. */
function leavable(subscription: unknown, leave: () => void): unknown {
  if (!isObject(subscription)) return subscription
  const { add } = subscription as Partial<Subscription>
  if (typeof add === 'function') {
    add.call(subscription, leave)
    return subscription
  }
  return new Proxy(subscription, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (key === 'unsubscribe') leave()
        return Reflect.apply(member, target, args)
      }
    },
  })
}

function reject(circuit: Circuit, reason: RejectReason, observer: Observer): Observable | object {
  let isClosed = false
  const rejection = rejectCall(circuit, reason, circuit.options.fallback, [])
  void rejection.then(
    (value) => {
      if (isClosed) return
      observer.next(value)
      observer.complete()
    },
    (error) => {
      if (!isClosed) observer.error(error)
    },
  )
  return {
    get closed() {
      return isClosed
    },
    add: () => {},
    unsubscribe: () => {
      isClosed = true
    },
  }
}

function observerOf([first, error, complete]: readonly unknown[]): Observer {
  const observer = (typeof first === 'object' && first !== null
    ? first
    : { next: first, error, complete }) as unknown as Partial<Observer>
  return {
    next: (value) => observer.next?.(value),
    error: (reason) => {
      if (typeof observer.error === 'function') observer.error(reason)
      // As without a breaker: it is not handled.
      else
        queueMicrotask(() => {
          throw reason
        })
    },
    complete: () => observer.complete?.(),
  }
}
