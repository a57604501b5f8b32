import { batch, effect, signal, untracked } from '@preact/signals'
import type { Detail, HistoryAnswer } from '../../src/admin/index.ts'
import { ApiError, breakerPath, get } from '../api.ts'
import { rowOf, showRows } from '../rows.ts'
import { addEntries, now } from '../state.ts'

export type Window = '15m' | '6h'

export const detail = signal<Detail | undefined>(undefined)
export const history = signal<HistoryAnswer | undefined>(undefined)
export const span = signal<Window>('15m')
export const problem = signal<ApiError | undefined>(undefined)

/** Steps of the history are of 5 s. */
const HISTORY_EVERY = 5_000

/** Reads a breaker, and again whenever the process has said something; returns what ends that. */
export function watch(name: string): () => void {
  batch(() => {
    detail.value = history.value = problem.value = undefined
  })
  let ended = false
  let reading = false
  let historyAt = Number.NEGATIVE_INFINITY
  let shown: Window | undefined
  const read = async () => {
    // One that there is not is asked for again when a list has it.
    const isGone = () => problem.value !== undefined && rowOf(name) === undefined
    if (reading || untracked(isGone)) return
    reading = true
    try {
      const answer = await get<Detail>(breakerPath(name))
      if (ended) return
      detail.value = answer
      problem.value = undefined
      showRows([answer.row])
      addEntries(answer.log)
      if (shown === span.value && Date.now() - historyAt < HISTORY_EVERY) return
      const window = span.value
      const found = await get<HistoryAnswer>(breakerPath(name, '/history', { window }))
      if (ended || window !== span.value) return
      historyAt = Date.now()
      shown = window
      history.value = found
    } catch (error) {
      if (!ended && error instanceof ApiError && error.status === 404) problem.value = error
    } finally {
      reading = false
    }
  }
  const stop = effect(() => {
    void now.value
    void span.value
    void read()
  })
  return () => {
    ended = true
    stop()
  }
}
