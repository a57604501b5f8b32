import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { tinykeys } from 'tinykeys'
import type { Operation } from '../src/admin/index.ts'
import { ask, asked, CONTROLS, operationsFor } from './actions/operations.ts'
import { undoNow } from './actions/toast.tsx'
import { detail } from './breaker/detail.ts'
import { copyExplanation } from './breaker/explanation.tsx'
import { names, sortNow } from './list/order.ts'
import { go, replaceHash, route } from './route.ts'
import { rowOf } from './rows.ts'
import { canWrite } from './state.ts'
import { switchTheme } from './theme.ts'

const STORED = 'short-circuit-keys'

export const showsKeys = signal(false)
const isOn = signal(localStorage.getItem(STORED) !== 'off')

const HELP: readonly (readonly [string, string])[] = [
  ['j k', 'next and previous breaker'],
  ['Enter', 'open it'],
  ['Esc', 'back, close, clear'],
  ['/', 'filter'],
  ['g b', 'breakers'],
  ['g f', 'fleet'],
  ['g l', 'log'],
  ['f', 'force open'],
  ['c', 'force closed'],
  ['r', 'release'],
  ['x', 'trip'],
  ['Shift+R', 'reset'],
  ['u', 'undo'],
  ['s', 'sort now'],
  ['y', 'copy the explanation'],
  ['t', 'light or dark'],
  ['?', 'this list'],
]

/** The breaker that keys are about: the one that is open, or the row that has the focus. */
function current(): string | undefined {
  const { value } = route
  if (value.page === 'breaker') return value.name
  const row = document.activeElement?.closest<HTMLElement>('[data-name]')
  return row?.dataset['name']
}

function act(operation: Operation): void {
  const name = current()
  const row = name === undefined ? undefined : rowOf(name)
  if (row === undefined || !canWrite.value) return
  if (operation === 'release' && row.override === null) return
  if (operation === 'release' || operationsFor(row).includes(operation)) ask(row.name, operation)
}

/** Moves the focus to another row; rows that are not in view are scrolled to first. */
function move(step: 1 | -1): void {
  if (route.value.page !== 'list') return
  const at = names.value.indexOf(current() ?? '')
  const links = [...document.querySelectorAll<HTMLElement>('.row.item .name a')]
  const focused = links.findIndex((link) => link.closest('.row')?.contains(document.activeElement))
  const next = at === -1 ? links[0] : links[focused + step]
  next?.focus()
  next?.closest('.row')?.scrollIntoView({ block: 'nearest' })
}

function goBack(): void {
  const { value } = route
  if (document.activeElement?.id === 'filter') (document.activeElement as HTMLElement).blur()
  if (value.page === 'list') replaceHash('/', {})
  else go('#/')
}

/** Returns what stops listening. */
export function listenToKeys(): () => void {
  const letter = (run: () => void) => (event: KeyboardEvent) => {
    if (isOn.value && !isElsewhere(event)) {
      event.preventDefault()
      run()
    }
  }
  return tinykeys(
    window,
    {
      j: letter(() => move(1)),
      k: letter(() => move(-1)),
      '/': letter(() => document.getElementById('filter')?.focus()),
      'g b': letter(() => go('#/')),
      'g f': letter(() => go('#/fleet')),
      'g l': letter(() => go('#/log')),
      f: letter(() => act('force-open')),
      c: letter(() => act('force-closed')),
      r: letter(() => act('release')),
      x: letter(() => act('trip')),
      'Shift+R': letter(() => act('reset')),
      u: letter(undoNow),
      s: letter(sortNow),
      t: letter(switchTheme),
      y: letter(() => {
        const text = detail.value?.explanation.text
        if (route.value.page === 'breaker' && text !== undefined) copyExplanation(text)
      }),
      '(Shift)+?': letter(() => {
        showsKeys.value = true
      }),
      Escape: (event) => {
        if (document.querySelector('dialog[open]') === null && !event.defaultPrevented) goBack()
      },
    },
    { ignore: () => false },
  )
}

/** Letters are for what is typed where something can be typed, and for nothing behind a dialog. */
function isElsewhere({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || asked.value !== undefined || showsKeys.value) return true
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null
}

export function ShortcutsDialog(): JSX.Element | null {
  return showsKeys.value ? <Shortcuts /> : null
}

function Shortcuts(): JSX.Element {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const opener = document.activeElement
    element.current?.showModal()
    return () => {
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  const close = () => {
    showsKeys.value = false
  }
  return (
    <dialog ref={element} aria-labelledby="keys" onClose={close}>
      <form method="dialog">
        <h2 id="keys">Keyboard</h2>
        <dl class="keys">
          {HELP.map(([key, what]) => (
            <div key={key}>
              <dt>
                {key.split(' ').map((one) => (
                  <kbd key={one}>{one}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <label class="check">
          <input
            type="checkbox"
            checked={isOn.value}
            onChange={({ currentTarget }) => {
              isOn.value = currentTarget.checked
              localStorage.setItem(STORED, isOn.value ? 'on' : 'off')
            }}
          />
          Single letters do something
        </label>
        <footer>
          <span class="faint">{CONTROLS.release.label} and the others ask before they act.</span>
          <button type="submit" class="button">
            Close
          </button>
        </footer>
      </form>
    </dialog>
  )
}
