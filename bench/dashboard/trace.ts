/** A task of the main thread of a page, in milliseconds. */
export interface Task {
  /** When it began. */
  readonly at: number
  /** For how long the processor worked at it: other programs do not count, as they would by the clock. */
  readonly ms: number
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** Microseconds, by the clock and of the processor. */
  readonly ts: number
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** The tasks of the main threads of pages, in a trace of Chromium. */
export function mainThreadTasks(trace: { readonly traceEvents: readonly TraceEvent[] }): Task[] {
  const threads = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(threadOf),
  )
  return trace.traceEvents
    .filter(({ name, ph }) => ph === 'X' && name.endsWith('RunTask'))
    .filter((event) => threads.has(threadOf(event)))
    .map(({ ts, dur = 0, tdur = dur }) => ({ at: ts / 1_000, ms: tdur / 1_000 }))
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid} ${tid}`
}

/** The longest task of each second. */
export function longestPerSecond(tasks: readonly Task[]): number[] {
  const seconds = new Map<number, number>()
  for (const { at, ms } of tasks) {
    const second = Math.floor(at / 1_000)
    seconds.set(second, Math.max(seconds.get(second) ?? 0, ms))
  }
  return [...seconds.values()]
}
