import { effect, signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { done, doneText } from './actions/operations.ts'
import { visible } from './format.ts'
import { troubled } from './rows.ts'
import { counts } from './state.ts'

/** At most so often, ms. */
const EVERY = 5_000

const said = signal('')

/** Says to screen readers which breaker needs attention, which no longer does, and what was done; no numbers. */
export function Announcer(): JSX.Element {
  useEffect(() => {
    let before: ReadonlySet<string> | undefined
    let waiting: string[] = []
    let timer = 0
    const say = (text: string) => {
      waiting.push(text)
      if (timer !== 0) return
      speak()
    }
    const speak = () => {
      said.value = waiting.join('. ')
      waiting = []
      timer = setTimeout(() => {
        timer = 0
        if (waiting.length > 0) speak()
      }, EVERY)
    }
    const stopRows = effect(() => {
      if (counts.value === undefined) return
      const current = new Set(troubled.value.map(({ name }) => name))
      if (before !== undefined) {
        const worse = [...current].filter((name) => !before?.has(name))
        const better = [...before].filter((name) => !current.has(name))
        if (worse.length > 0) say(`${listed(worse)} needs you`)
        if (better.length > 0) say(`${listed(better)} no longer needs you`)
      }
      before = current
    })
    const stopDone = effect(() => {
      if (done.value !== undefined) say(doneText(done.value.name, done.value.entry))
    })
    return () => {
      stopRows()
      stopDone()
      clearTimeout(timer)
    }
  }, [])
  return (
    <div class="sr" aria-live="polite">
      {said.value}
    </div>
  )
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(visible).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}
