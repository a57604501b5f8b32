import { trace } from '@opentelemetry/api'
import { NAME, PREFIX } from '../adapter/metrics.ts'
import type { CircuitRegistry } from '../index.ts'

/** Adds events to the spans that are active when they happen. Returns what stops it. */
export function addSpanEvents(registry: CircuitRegistry): () => void {
  const stops = [
    registry.on('transition', ({ breaker, from, to, reason, enforced }) => {
      add('transition', breaker, {
        state: to,
        'state.before': from,
        'transition.reason': reason,
        enforced,
      })
    }),
    registry.on('reject', ({ breaker, reason, retryAfter, enforced }) => {
      add('rejection', breaker, {
        'rejection.reason': enforced ? reason : 'unenforced',
        ...(retryAfter === undefined ? {} : { retry_after: retryAfter / 1_000 }),
      })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

function add(
  event: string,
  breaker: string,
  own: Readonly<Record<string, string | number | boolean>>,
): void {
  const span = trace.getActiveSpan()
  if (span?.isRecording() !== true) return
  const attributes = Object.entries(own).map(([name, value]) => [PREFIX + name, value])
  span.addEvent(PREFIX + event, { [NAME]: breaker, ...Object.fromEntries(attributes) })
}
