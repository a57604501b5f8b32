/** What an application gets with `CircuitBreaker`, and the files below `src/` that only this needs. */
export interface Feature {
  readonly name: string
  readonly files: RegExp
  /** Nothing of the rest works without it. */
  readonly essential?: true
}

/** In the order in which they are left out. A file belongs to the first that names it. */
export const FEATURES: readonly Feature[] = [
  {
    name: 'streams of every kind',
    files:
      /^call\/(answer-stream|dropped-streams|emitting-stream|guarded-iterator|guarded-stream|rejected-stream|stream|stream-iterators|stream-proxy|web-stream)$/,
  },
  { name: '`explain()`, the texts of trips and rejections', files: /^inspect\/(?!snapshot)/ },
  { name: '`save()` and `saved`, with its check', files: /^(core\/save|options\/check-saved)$/ },
  {
    name: '`statistics`',
    files: /^core\/measure\/(statistics|latency-histogram)$/,
  },
  { name: '`snapshot()`', files: /^inspect\/snapshot$/ },
  { name: 'history of trips', files: /^core\/trip\/(record|trip-history)$/ },
  { name: '`configure`', files: /^(circuit\/configure|options\/compare-options)$/ },
  {
    name: 'the way of a fleet in',
    files: /^(core\/recovery\/leased-probes|core\/state\/fleet-word|options\/shared-options)$/,
  },
  { name: 'permits by hand, `whenReady`', files: /^call\/(permit|when-ready)$/ },
  { name: 'decorators, `sync`', files: /^call\/(decorator|functions|wrap-sync)$/ },
  { name: 'calls within a probe', files: /^circuit\/probe-context$/ },
  { name: 'fallbacks', files: /^call\/fallback$/ },
  { name: 'events', files: /^circuit\/(emitter|listen|publish)$|^events$/ },
  {
    name: 'checks of options, and what their errors say',
    files: /^options\/(check-options|shapes|trip-rules|validate)$/,
  },
  {
    name: 'timeouts, signals, `run`',
    files:
      /^call\/(abort-listeners|call-signal|caller-signal|interruptible-call|next-turn|run|settlement|timeout-queue|wait-at-most|with-signal)$/,
  },
  {
    name: 'rates, counts, `when`, and their windows',
    files:
      /^core\/trip\/(failure-count|failure-rate|last-failures|rate|slow-call-rate|when|window)$/,
  },
  {
    name: 'deciding by itself: evidence, usual latency, slow start',
    files:
      /^core\/(trip\/evidence|measure\/(latency-baseline|offered-rate)|recovery\/(open-duration|slow-start))$/,
  },
  {
    name: 'options and their defaults',
    files: /^options/,
    essential: true,
  },
  { name: 'clocks, steps of time', files: /^(clock|core\/monotonic-time)$/, essential: true },
  {
    name: 'errors, what a result counts as',
    files:
      /^(errors|circuit\/(classify|deferred-rejection|guard-sources|rejected-call)|core\/outcome)$/,
    essential: true,
  },
  { name: 'states, permits, probes, counters', files: /^core\//, essential: true },
  { name: 'the breaker around them', files: /./, essential: true },
]

/** Of a path below `src/`, without its ending. */
export function featureOf(path: string): Feature {
  return FEATURES.find(({ files }) => files.test(path)) as Feature
}
