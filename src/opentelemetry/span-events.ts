import { type Span, trace } from '@opentelemetry/api'
import { NAME, PREFIX } from '../adapter/metrics.ts'
import type { CircuitRegistry } from '../index.ts'

/** Adds events to the spans that are active when they happen. Returns what stops it. */
export function addSpanEvents(registry: CircuitRegistry): () => void {
  const stops = [
    registry.on('transition', ({ breaker, from, to, reason, enforced }) => {
      add(recordingSpan(), 'transition', breaker, {
        state: to,
        'state.before': from,
        'transition.reason': reason,
        enforced,
      })
    }),
    registry.on('reject', (event) => {
      const span = recordingSpan()
      // Before anything is read of it, as a service that is overloaded rejects many.
      if (span === undefined) return
      const { breaker, reason, retryAfter, enforced } = event
      add(span, 'rejection', breaker, {
        'rejection.reason': enforced ? reason : 'unenforced',
        ...(retryAfter === undefined ? {} : { retry_after: retryAfter / 1_000 }),
      })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

function recordingSpan(): Span | undefined {
  const span = trace.getActiveSpan()
  return span?.isRecording() === true ? span : undefined
}

function add(
  span: Span | undefined,
  event: string,
  breaker: string,
  own: Readonly<Record<string, string | number | boolean>>,
): void {
  const attributes = Object.entries(own).map(([name, value]) => [PREFIX + name, value])
  span?.addEvent(PREFIX + event, { [NAME]: breaker, ...Object.fromEntries(attributes) })
}
