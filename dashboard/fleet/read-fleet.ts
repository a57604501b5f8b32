import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { FleetAnswer } from '../../src/admin/index.ts'
import { ApiError, get } from '../api.ts'

const EVERY = 2_000

export const fleet = signal<FleetAnswer | undefined>(undefined)
export const problem = signal('')

/** Reads it again and again while the page is shown, each time after the last answer. */
export function useFleet(all: boolean): void {
  useEffect(() => {
    let timer = 0
    let isOver = false
    const read = async (): Promise<void> => {
      try {
        const answer = await get<FleetAnswer>(`fleet${all ? '?all=1' : ''}`)
        if (isOver) return
        fleet.value = answer
        problem.value = ''
      } catch (error) {
        const { message } = error as Error
        problem.value = error instanceof ApiError ? message : 'There was no answer.'
      }
      if (!isOver) timer = setTimeout(read, EVERY)
    }
    void read()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [all])
}
